import { createFetch, type Fetch } from "./fetch.js";
import { createOmniscient, type Omniscient, type OmniscientOptions } from "./omniscient.js";
import type { SimulatorOptions } from "./options.js";
import type { Bound, Job, Stats, WorkloadName } from "./results.js";
import { jobBody, prompt, Simulation, workload } from "./simulation.js";

export type { Fetch } from "./fetch.js";
export type { Omniscient, OmniscientOptions, OmniscientStep } from "./omniscient.js";
export type {
  SimulatedChange,
  SimulatedFaults,
  SimulatedHeaders,
  SimulatedLimits,
  SimulatedNeighbour,
  SimulatedRamp,
  SimulatedStorm,
  SimulatedTiming,
  SimulatorClock,
  SimulatorOptions,
} from "./options.js";
export type {
  Bound,
  CacheCounts,
  GroupStats,
  Job,
  LimitStats,
  OrganisationStats,
  SharedPrompt,
  SimulatedDimension,
  Stats,
  WorkloadName,
} from "./results.js";

/** A rate-limited API in this process: no server, no account, and if you like no waiting. */
export interface Simulator {
  /**
   * Reaches the simulated API whatever the host and whatever a gateway puts before the path:
   * `POST /v1/messages` and `/v1/messages/count_tokens` as Claude's, `POST /v1/chat/completions` as OpenAI's and of all
   * that are shaped like it, `POST /v1beta/models/{model}:generateContent`, `:streamGenerateContent?alt=sse` and
   * `:countTokens` as Gemini's, `POST /model/{id}/converse`, `/converse-stream`, `/invoke`,
   * `/invoke-with-response-stream` (with Claude's bodies) and `/count-tokens` (of Converse) as Amazon Bedrock's.
   *
   * The request header `x-simulate-output-tokens` sets the true size of an answer; without it, the size is drawn from the
   * seed. Each API key, or AWS access key id, is an organisation of its own. Signatures are not checked.
   */
  fetch: Fetch;
  /** What really happened so far. */
  stats(): Stats;
  /**
   * Jobs of a named kind.
   * @param seed What they are drawn from. Default 0.
   */
  workload(name: WorkloadName, count: number, seed?: number): Job[];
  /**
   * The text of a single user message that makes a Messages request `inputTokens` tokens large, to the token.
   * @param variant Chooses among texts of one size. Default 0.
   */
  prompt(inputTokens: number, variant?: number): string;
  /**
   * The body of the request that a job stands for, as JSON: of the size that it says, in the shape of its API, and with
   * the marks for the prompt cache that it needs.
   * @param variant Chooses among texts of one size. Default 0.
   */
  body(job: Job, variant?: number): string;
  /**
   * The least time in which one organisation could get the jobs done, beginning now with nothing used.
   * @param arrivals When each is handed in, in milliseconds from now. Default 0 each.
   * @param counts How many there are like each, handed in together: whole numbers from 1 to 2^32 − 1. A million that are
   * alike take no longer to look at than one. Default 1 each.
   */
  bound(jobs: readonly Job[], arrivals?: readonly number[], counts?: readonly number[]): Bound;
  /** A scheduler that knows everything, for benchmarks. */
  omniscient(jobs: readonly Job[], options?: OmniscientOptions): Omniscient;
}

/**
 * A simulated API in this process.
 *
 * @example
 * ```ts
 * const simulator = createSimulator({ limits: { default: { rpm: 60, burstMs: 1000 } } });
 * const limiter = createLimiter({ fetch: simulator.fetch });
 * ```
 * @throws Error that names the option that is wrong.
 */
export function createSimulator(options: SimulatorOptions = {}): Simulator {
  const simulation = new Simulation(options);
  return {
    fetch: createFetch(simulation),
    stats: () => simulation.stats(),
    workload: (name, count, seed = 0) => workload(name, count, seed),
    prompt: (inputTokens, variant = 0) => prompt(inputTokens, variant),
    body: (job, variant = 0) => jobBody(job, variant),
    bound: (jobs, arrivals = [], counts = []) => simulation.bound(jobs, arrivals, counts),
    omniscient: (jobs, options = {}) => createOmniscient(simulation, jobs, options),
  };
}
