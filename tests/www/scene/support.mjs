// Scenes without a page: what the worker of the page runs, run here to its end.
import { createHash } from "node:crypto";
import { World } from "../../../site/src/scene/world.js";
import { DEFAULTS } from "../../../site/src/scene/options.js";

/** Small, and yet more at once than the limits let through. */
export const SMALL = { ...DEFAULTS, requests: 160, burst: 100, rate: 400, tier: "own", rpm: 300, itpm: 200_000, otpm: 120_000 };

/**
 * Runs a scene to its end.
 *
 * @param options What differs from {@link SMALL}.
 * @param advance How time passes: gets the world, and is called until the scene is over.
 */
export async function play(options = {}, advance = bySteps(1_000)) {
  const world = new World({ ...SMALL, ...options });
  const steps = { plain: [], tidegate: [] };
  const samples = [];
  try {
    world.start();
    for (let round = 0; !world.isOver; round++) {
      if (round > 100_000) throw new Error("The scene does not end.");
      await advance(world);
      for (const name of ["plain", "tidegate"]) steps[name].push(...world.lanes[name].log.takeSteps());
      samples.push(...world.levels.takeSamples());
    }
    const { plain, tidegate } = world.lanes;
    return { bound: world.bound, requests: world.requests, plain: plain.log, tidegate: tidegate.log, steps, samples };
  } finally {
    world.close();
  }
}

/** Time that passes in equal steps, in milliseconds. */
export function bySteps(ms) {
  return ({ clock }) => clock.advance(clock.now() + ms, () => true);
}

/** Everything that happened, as a short text: equal for two runs only if they were alike. */
export function fingerprint({ steps, samples, plain, tidegate }) {
  const waits = [plain, tidegate].flatMap((log) => [log.waits("interactive"), log.waits("batch")]);
  const all = JSON.stringify([steps, samples, plain.counts, tidegate.counts, waits]);
  return createHash("sha256").update(all).digest("hex").slice(0, 16);
}
