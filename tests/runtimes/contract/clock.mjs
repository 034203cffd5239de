// Virtual time by what every runtime has.

/** A clock that stands still until it is moved. Its timers fire in order, each after everything before has settled. */
export class VirtualClock {
  time = 0;
  #timers = new Map();
  #next = 1;

  now = () => this.time;
  wallNow = () => Date.UTC(2026, 0, 1) + this.time;
  setTimer = (fire, delayMs) => {
    this.#timers.set(this.#next, { at: this.time + delayMs, fire });
    return this.#next++;
  };
  clearTimer = (id) => {
    this.#timers.delete(id);
  };

  /** How many timers are armed. */
  get armed() {
    return this.#timers.size;
  }

  /** Lets `ms` pass. */
  async advance(ms) {
    const until = this.time + ms;
    do await settled();
    while (this.#fireNext(until));
    this.time = until;
    await settled();
  }

  /** Lets pass what time the promise needs, which may be none. In Workers a caller that waits finds out by a timer that it starts. */
  async until(promise) {
    let isOver = false;
    const over = () => (isOver = true);
    promise.then(over, over);
    do await settled();
    while (!isOver && this.#fireNext(Infinity));
    return promise;
  }

  /** Fires the first timer, if it is due by then. */
  #fireNext(until) {
    const due = [...this.#timers].filter(([, timer]) => timer.at <= until);
    if (due.length === 0) return false;
    const [id, timer] = due.reduce((first, other) => (other[1].at < first[1].at ? other : first));
    this.#timers.delete(id);
    this.time = Math.max(this.time, timer.at);
    timer.fire();
    return true;
  }
}

/** Until every promise that can settle without time and without the network has settled. */
export async function settled() {
  for (let turn = 0; turn < 2; turn++) {
    await new Promise((resolve) => setTimeout(resolve, 0));
    for (let step = 0; step < 20; step++) await undefined;
  }
}
