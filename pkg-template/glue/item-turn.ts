import type { Permit } from "./permit.js";
import type { Turn } from "./turn.js";

/** How the items of one map stand: how many are open, and whether there is room to read another. */
export class Places {
  /** Items that were read and have not ended. */
  open = 0;
  /** Of those, the ones with a permit that no call has taken the place of. */
  holding = 0;
  /** Of those, the ones whose first call has started. */
  calling = 0;
  /** Whether items make their calls through their views, which then queue for themselves. */
  callsQueue = false;
  private readonly most: number;
  private readonly onCallsQueue: () => void;
  /** Whether an item ended that made no call: then a permit is all that an item waits for. */
  private permitsAreTurns = false;
  private roomMade: (() => void) | undefined;

  constructor(most: number, onCallsQueue: () => void) {
    this.most = most;
    this.onCallsQueue = onCallsQueue;
  }

  /**
   * Items whose turn has not come. It comes with the permit, but where items make calls, with the start of the first: an item
   * that has its permit, which in a scope without limits is at once, may only be about to queue. Until one item has shown
   * how it is, it is taken to be so.
   */
  get ahead(): number {
    const holding = this.permitsAreTurns && !this.callsQueue ? this.holding : 0;
    return this.open - this.calling - holding;
  }

  /** Resolves when another item may be read. */
  room(): Promise<void> | undefined {
    if (this.ahead < this.most) return undefined;
    return new Promise((resolve) => {
      this.roomMade = resolve;
    });
  }

  /** Something has moved. */
  moved(): void {
    if (this.ahead >= this.most) return;
    const { roomMade } = this;
    this.roomMade = undefined;
    roomMade?.();
  }

  firstCall(): void {
    if (this.callsQueue) return;
    this.callsQueue = true;
    this.onCallsQueue();
  }

  endedWithoutCall(): void {
    this.permitsAreTurns = true;
  }
}

/** One item, from its reading to its end. */
export class ItemTurn implements Turn {
  private readonly places: Places;
  private held: Permit | undefined;
  private called = false;
  private started = false;
  private ended = false;

  constructor(places: Places) {
    this.places = places;
    places.open += 1;
  }

  get permit(): Permit | undefined {
    return this.held;
  }

  set permit(permit: Permit) {
    this.held = permit;
    this.places.holding += 1;
    this.places.moved();
  }

  /** The first call takes the item's place: the permit is given back, so that the call needs no second place beside it. */
  calls(): void {
    if (this.called || this.ended) return;
    this.called = true;
    this.places.firstCall();
    this.letGo()?.cancel();
  }

  starts(): void {
    if (this.started || this.ended) return;
    this.started = true;
    this.places.calling += 1;
    this.places.moved();
  }

  /** Charged as reserved, unless it was settled or given back. */
  end(): void {
    if (this.ended) return;
    this.ended = true;
    if (!this.called) this.places.endedWithoutCall();
    if (this.started) this.places.calling -= 1;
    this.places.open -= 1;
    try {
      this.letGo()?.release();
    } catch {
      // The limiter has failed. Whoever calls it next is told.
    }
    this.places.moved();
  }

  private letGo(): Permit | undefined {
    const { held } = this;
    this.held = undefined;
    if (held !== undefined) this.places.holding -= 1;
    return held;
  }
}
