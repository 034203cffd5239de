/** Where the time of a scene comes from: nothing in it knows any other, so the same scene always runs the same way. */
export class VirtualClock {
  #time = 0;
  #armed = 0;
  readonly #timers: Timer[] = [];
  readonly #channel = new MessageChannel();
  #resume: () => void = () => {};

  constructor() {
    this.#channel.port1.onmessage = () => this.#resume();
  }

  readonly now = (): number => this.#time;
  readonly wallNow = (): number => WALL_ORIGIN_MS + this.#time;

  readonly setTimer = (fire: () => void, delayMs: number): Timer => {
    const timer = { at: this.#time + delayMs, order: this.#armed++, fire };
    insert(this.#timers, timer);
    return timer;
  };

  readonly clearTimer = (timer: unknown): void => {
    // It stays where it is until its time comes: taking it out would cost more.
    (timer as Timer).fire = nothing;
  };

  /** Waits for so long, in milliseconds. */
  sleep(delayMs: number): Promise<void> {
    return new Promise((resolve) => this.setTimer(resolve, delayMs));
  }

  /**
   * Lets time pass until an instant, in milliseconds: fires every timer that is due at its instant, each after all that
   * came of those before has settled.
   *
   * @param isPatient Is asked between two instants. Once it says no, time stands where it is.
   */
  async advance(until: number, isPatient: () => boolean): Promise<void> {
    await this.#settled();
    for (let next = this.#timers[0]; next !== undefined && next.at <= until; next = this.#timers[0]) {
      this.#time = Math.max(this.#time, next.at);
      this.#fireAll(next.at);
      await this.#settled();
      if (!isPatient()) return;
    }
    this.#time = Math.max(this.#time, until);
  }

  /** Nothing happens any more. */
  close(): void {
    this.#timers.length = 0;
    this.#channel.port1.close();
  }

  #fireAll(instant: number): void {
    for (let next = this.#timers[0]; next?.at === instant; next = this.#timers[0]) {
      takeFirst(this.#timers);
      next.fire();
    }
  }

  /** A task of its own runs after all microtasks, and so after every promise that needs no time. */
  #settled(): Promise<void> {
    return new Promise((resolve) => {
      this.#resume = resolve;
      this.#channel.port2.postMessage(undefined);
    });
  }
}

interface Timer {
  readonly at: number;
  /** Of two at one instant, the one that was set first fires first. */
  readonly order: number;
  fire: () => void;
}

/** Adds to a binary heap. */
function insert(heap: Timer[], timer: Timer): void {
  let place = heap.push(timer) - 1;
  while (place > 0) {
    const above = (place - 1) >> 1;
    const parent = heap[above];
    if (parent === undefined || !isBefore(timer, parent)) break;
    heap[place] = parent;
    place = above;
  }
  heap[place] = timer;
}

/** Takes the first out of a binary heap that is not empty. */
function takeFirst(heap: Timer[]): void {
  const last = heap.pop();
  if (last === undefined || heap.length === 0) return;
  let place = 0;
  for (;;) {
    let below = 2 * place + 1;
    const right = heap[below + 1];
    let child = heap[below];
    if (child !== undefined && right !== undefined && isBefore(right, child)) {
      child = right;
      below += 1;
    }
    if (child === undefined || !isBefore(child, last)) break;
    heap[place] = child;
    place = below;
  }
  heap[place] = last;
}

function isBefore(one: Timer, other: Timer): boolean {
  return one.at < other.at || (one.at === other.at && one.order < other.order);
}

function nothing(): void {}

/** The scene begins at noon on a day like any other. */
const WALL_ORIGIN_MS = Date.UTC(2026, 10, 27, 12);
