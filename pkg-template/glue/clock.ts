/**
 * Where time comes from: the only thing tidegate asks the world for besides `fetch`.
 * Give your own to {@link LimiterOptions.clock} to run hours in milliseconds in a test.
 */
export interface Clock {
  /** Milliseconds of a clock that never goes back. Its zero does not matter. */
  now(): number;
  /** Milliseconds since 1970-01-01 UTC. Only compared with dates in response headers. */
  wallNow(): number;
  /** Calls `fire` once, not before `delayMs` (0 to 2^31 − 1) have passed. What it returns is given to `clearTimer`. */
  setTimer(fire: () => void, delayMs: number): unknown;
  clearTimer(timer: unknown): void;
}

/** The clock of the runtime. Looked up at each call, so that fake timers installed later are obeyed. */
export const systemClock: Clock = {
  now: () => performance.now(),
  wallNow: () => Date.now(),
  setTimer: (fire, delayMs) => setTimeout(fire, delayMs),
  clearTimer: (timer) => clearTimeout(timer as ReturnType<typeof setTimeout>),
};

/** The longest delay that `setTimeout` holds: a longer one fires at once. */
export const MAX_TIMER_MS: number = 2 ** 31 - 1;
