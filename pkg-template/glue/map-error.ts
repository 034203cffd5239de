import { TidegateError } from "./errors.js";

/** An item of a map that failed. */
export interface MapFailure {
  /** Its place among the items, from 0. */
  readonly index: number;
  /** What was thrown, as it was thrown. */
  readonly error: unknown;
}

/**
 * {@link Limiter.map} did not do everything. Its `cause` is what the first failure threw, as it was thrown. What was done
 * until then is not lost: {@link results} holds it.
 */
export class MapError<R = unknown> extends TidegateError {
  override readonly name = "MapError";
  declare readonly code: "map-failed";
  /** Which item failed first, from 0; where reading the items failed, the one that could not be read. */
  readonly index: number;
  /** All failures, in the order in which they happened; with `stopOnError` the first alone. */
  readonly errors: readonly MapFailure[];
  /** By index, undefined for an item without one. */
  readonly results: readonly (R | undefined)[];

  /** @internal */
  constructor(first: MapFailure, errors: readonly MapFailure[], results: readonly (R | undefined)[], done: number) {
    // Nothing of the cause: its text may hold what the item held.
    super("map-failed", `Item ${first.index} failed; ${done} were done. The cause is what it threw.`, {
      cause: first.error,
    });
    this.index = first.index;
    this.errors = errors;
    this.results = results;
  }
}
