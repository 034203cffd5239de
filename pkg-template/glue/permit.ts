/// <reference lib="esnext.disposable" preserve="true" />
import { AS_RESERVED, checkCost, type Cost } from "./cost.js";
import type { Driver } from "./driver.js";

/** The right to run one call. It ends with {@link settle} or {@link release}, whichever comes first; more calls do nothing. */
export class Permit {
  readonly #ticket: number;
  /** Undefined once the permit has ended. */
  #driver: Driver | undefined;

  /** @internal Without a driver it has ended already. */
  constructor(driver: Driver | undefined, ticket: number) {
    this.#driver = driver;
    this.#ticket = ticket;
  }

  /**
   * Ends the call with what it really cost. A dimension that is not stated was as reserved. A number means requests.
   *
   * @throws {OptionError} for a cost that cannot be; the permit is then still open.
   * @throws {CoreError} when the limiter has failed.
   */
  settle(actual: Cost): void {
    const driver = this.#driver;
    if (driver === undefined) return;
    checkCost(actual);
    this.#driver = undefined;
    const record = typeof actual === "number" ? { requests: actual } : actual;
    driver.settle(
      this.#ticket,
      record.requests ?? AS_RESERVED,
      record.inputTokens ?? AS_RESERVED,
      record.outputTokens ?? AS_RESERVED,
      record.custom ?? AS_RESERVED,
    );
  }

  /**
   * Ends the call, charged as reserved.
   *
   * @throws {CoreError} when the limiter has failed.
   */
  release(): void {
    const driver = this.#driver;
    if (driver === undefined) return;
    this.#driver = undefined;
    driver.release(this.#ticket);
  }

  /** @internal Gives the permit back as if it had never been: nothing is charged. */
  cancel(): void {
    const driver = this.#driver;
    if (driver === undefined) return;
    this.#driver = undefined;
    driver.cancel(this.#ticket, false);
  }
}

/** `using permit = …` releases at the end of the block. */
export interface Permit extends Disposable {}

// Where the runtime has no Symbol.dispose there is no `using` either.
if (typeof Symbol.dispose === "symbol") {
  Object.defineProperty(Permit.prototype, Symbol.dispose, { value: Permit.prototype.release });
}
