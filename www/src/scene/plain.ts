import type { VirtualClock } from "./clock.js";
import type { Program } from "./lane.js";

/**
 * Plain fetch with the loop around it that most programs have: it tries again after a refusal, an error of the server or
 * a lost connection, waits as long as the server says, or else up to twice as long each time, and gives up in the end.
 *
 * @param random From 0 to below 1.
 */
export function plainly(clock: VirtualClock, random: () => number): Program {
  return (network) => async (url, init) => {
    for (let attempt = 1; ; attempt++) {
      const response = await network(url, init).catch(() => undefined);
      if (response?.ok || attempt === ATTEMPTS) return response ?? Response.error();
      const seconds = Number(response?.headers.get("retry-after")) || 2 ** attempt * random();
      await clock.sleep(seconds * 1000);
    }
  };
}

/** How often it tries in all. Most SDKs do so three times: this gives it every chance. */
const ATTEMPTS = 6;
