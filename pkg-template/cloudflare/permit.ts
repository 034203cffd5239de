/// <reference lib="esnext.disposable" preserve="true" />
import { AS_RESERVED, checkCost, type Cost } from "../glue/cost.js";
import type { Place } from "./place.js";

/**
 * The right to run one call, given by the object. It ends with {@link settle} or {@link release}, whichever comes first, or
 * when its Worker is gone; more calls do nothing.
 */
export class SharedPermit {
  readonly #place: Place;
  #isOver = false;

  /** @internal */
  constructor(place: Place) {
    this.#place = place;
  }

  /**
   * Ends the call with what it really cost. A dimension that is not stated was as reserved. A number means requests.
   * Resolves when the object knows, or cannot be told: then the call ends by itself, charged as reserved.
   *
   * Rejects with an {@link OptionError} for a cost that cannot be; the permit is then still open.
   */
  async settle(actual: Cost): Promise<void> {
    checkCost(actual);
    const record = typeof actual === "number" ? { requests: actual } : actual;
    await this.#end({
      requests: record.requests ?? AS_RESERVED,
      inputTokens: record.inputTokens ?? AS_RESERVED,
      outputTokens: record.outputTokens ?? AS_RESERVED,
      custom: record.custom ?? AS_RESERVED,
    });
  }

  /** Ends the call, charged as reserved. Never rejects. */
  async release(): Promise<void> {
    await this.settle({});
  }

  async #end(cost: { requests: number; inputTokens: number; outputTokens: number; custom: number }): Promise<void> {
    if (this.#isOver) return;
    this.#isOver = true;
    await this.#place.end({ type: "settle", id: this.#place.id, cost });
  }
}

/** `await using permit = …` releases at the end of the block. */
export interface SharedPermit extends AsyncDisposable {}

// Where the runtime has no Symbol.asyncDispose there is no `await using` either.
if (typeof Symbol.asyncDispose === "symbol") {
  Object.defineProperty(SharedPermit.prototype, Symbol.asyncDispose, { value: SharedPermit.prototype.release });
}
