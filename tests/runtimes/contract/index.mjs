// What the package promises, checked the same way wherever it runs.
//
// No file of this folder imports anything of a runtime's own. Limits and waits pass in virtual time and through a fetch
// that is scripted; what only a network shows goes to the loopback server, where there is one.
import { aborts } from "./aborts.mjs";
import { context } from "./context.mjs";
import { errors } from "./errors.mjs";
import { Absent } from "./expect.mjs";
import { limits } from "./limits.mjs";
import { loads } from "./loads.mjs";
import { leavesNothing } from "./nothing-left.mjs";
import { queues } from "./queues.mjs";
import { readings } from "./readings.mjs";
import { retries } from "./retries.mjs";
import { settles } from "./settles.mjs";
import { simulates } from "./simulates.mjs";
import { streams } from "./streams.mjs";

/** Every check, by its family and its name. They run in this order: whether something is left is looked at last. */
export const CHECKS = {
  ...loads,
  ...limits,
  ...queues,
  ...aborts,
  ...streams,
  ...retries,
  ...settles,
  ...context,
  ...readings,
  ...errors,
  ...simulates,
  ...leavesNothing,
};

/**
 * Runs the checks.
 *
 * @param world.tidegate The package as it was imported.
 * @param world.shared A limiter that was made when the program's module was evaluated.
 * @param world.parts Functions that import its other entries: `tokens`, `presets`, `simulator`, `manifest`. One that is
 * missing cannot be imported there.
 * @param world.base The address of the loopback server; without one, what needs a network is absent.
 * @param world.asyncContext Whether the runtime shows an AsyncLocalStorage. Default true.
 * @param world.sharesIsolate Whether a limiter may be that of many requests, as in Workers. Default false.
 * @param world.without Checks that the runtime itself cannot pass, by their names, with the reason.
 * @param world.only The names of the checks to run. All, where there is none.
 * @returns `{ name, result: "ok" | "failed" | "absent", why }` for each.
 */
export async function runContract({ only, ...world }) {
  const results = [];
  for (const [name, check] of Object.entries(CHECKS)) {
    if (only === undefined || only.includes(name)) results.push(await resultOf(name, check, world));
  }
  return results;
}

/** Runs the checks and says how they went, as one line that the tests look for. */
export async function report(leg, world) {
  console.log(JSON.stringify({ leg, checks: await runContract(world) }));
}

async function resultOf(name, check, { without = {}, ...world }) {
  if (name in without) return { name, result: "absent", why: without[name] };
  let watch;
  const late = new Promise((_, reject) => {
    watch = setTimeout(() => reject(new Error(`it did not end within ${LONGEST_MS / 1000} s`)), LONGEST_MS);
  });
  try {
    const outcome = await Promise.race([check(world), late]);
    return outcome instanceof Absent ? { name, result: "absent", why: outcome.why } : { name, result: "ok" };
  } catch (error) {
    return { name, result: "failed", why: String(error?.stack ?? error) };
  } finally {
    clearTimeout(watch);
  }
}

/** Much longer than any check takes: one that hangs is to be named. */
const LONGEST_MS = 15_000;
