import type { Job } from "../simulator.js";
import { MODEL } from "./limits.js";
import type { Kind } from "./log.js";
import type { SceneOptions } from "./options.js";
import { randomFrom } from "./random.js";

/** A request, and when it is handed in. */
export interface Request {
  readonly job: Job;
  /** Milliseconds from the beginning. */
  readonly atMs: number;
  readonly kind: Kind;
}

/** The stream of requests of a scene, in the order in which they are handed in. Both lanes get the same. */
export function requestsOf(options: SceneOptions): Request[] {
  const random = randomFrom(options.seed);
  const requests: Request[] = [];
  let atMs = 0;
  for (let id = 0; id < options.requests; id++) {
    if (id < options.burst) {
      // A program needs some time to hand in, too.
      atMs = Math.floor(id / HANDED_IN_A_MILLISECOND);
    } else {
      // Independent of each other, as requests of many users are: then the gaps between them are exponential.
      atMs += (-Math.log(1 - random()) * 60_000) / options.rate;
    }
    const kind = random() * 100 < options.interactive ? "interactive" : "batch";
    const inputTokens = Math.max(LEAST_INPUT, spread(options.input, random));
    const outputTokens = spread(options.output, random);
    const job: Job = {
      model: MODEL,
      inputTokens,
      outputTokens,
      maxTokens: Math.max(1024, 2 * outputTokens),
      stream: false,
      priority: kind === "interactive" ? "high" : "normal",
    };
    requests.push({ job, atMs: Math.round(atMs), kind });
  }
  return requests;
}

/** From half to one and a half of the mean, each as likely. */
function spread(mean: number, random: () => number): number {
  return Math.max(1, Math.round(mean * (0.5 + random())));
}

const HANDED_IN_A_MILLISECOND = 10;
/** The simulator's smallest message has so many tokens. */
const LEAST_INPUT = 20;
