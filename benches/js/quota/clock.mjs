// One time for all processes of a run: that of the machine, read by a clock that does not jump.

/** Unix time in milliseconds and fractions of them. */
export const unixNow = () => performance.timeOrigin + performance.now();

/** A clock for the simulator that stands still until the run starts, so that its zero is the start of the run. */
export function clockFrom(startAt) {
  return {
    now: () => Math.max(0, unixNow() - startAt),
    wallNow: () => Math.max(startAt, unixNow()),
    setTimer: (fire, delayMs) => setTimeout(fire, delayMs),
    clearTimer: (timer) => clearTimeout(timer),
  };
}

/** Resolves at that instant, to the fraction of a millisecond that the machine's timers allow. */
export async function until(at) {
  for (let left = at - unixNow(); left > 0; left = at - unixNow()) {
    await new Promise((resolve) => (left > 2 ? setTimeout(resolve, left - 1) : setImmediate(resolve)));
  }
}
