import type { Limiter } from "../glue/limiter.js";
import type { Fetch } from "../glue/options.js";

/** What every adapter takes. */
export interface AdapterOptions {
  /**
   * The longest time from when a call is sent until its answer begins, in milliseconds, above 0 and at most 2^31 − 1, or
   * `Infinity` for none: what the SDK's own timer would be for. It counts for each attempt, and not while the call waits.
   * It is the hint `attemptTimeoutMs`, over the one of the limiter's view. One call has another by the header
   * `x-tidegate-attempt-timeout-ms`, which is not sent.
   */
  readonly timeoutMs?: number | undefined;
}

/**
 * The limiter's fetch with a timer of its own.
 *
 * @throws {OptionError} for a time that cannot be.
 */
export function timedFetch(limiter: Limiter, timeoutMs: number | undefined): Fetch {
  return timeoutMs === undefined ? limiter.fetch : limiter.with({ attemptTimeoutMs: timeoutMs }).fetch;
}
