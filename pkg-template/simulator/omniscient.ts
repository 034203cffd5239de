import type { Job } from "./results.js";
import type { Simulation } from "./simulation.js";

/** How the scheduler that knows everything is to be asked. */
export interface OmniscientOptions {
  /**
   * When each job is handed in, in milliseconds from now, at the job's own position.
   * @default 0 each
   */
  arrivals?: readonly number[];
  /**
   * The API key that the requests are made with.
   * @default "key"
   */
  apiKey?: string;
  /**
   * How long a request may take to the server, in milliseconds. What is on its way counts as used, and a request is sent only
   * if it would be admitted all that time.
   * @default 0
   */
  transitMs?: number;
}

/** What is to be done: send the request of a job, by its position, and ask again; or wait, and ask again. */
export type OmniscientStep = { start: number } | { waitMs: number };

/**
 * A scheduler that knows everything: the true size of every job, when it will be handed in, what the server really holds,
 * and what will change. For benchmarks, to show what is possible; no client can know this.
 *
 * The body of the request of the job at position `i` has to be `body(jobs[i], i)`, and it needs the headers
 * `x-simulate-job: i` and `x-simulate-output-tokens`, by which the server tells the scheduler what has arrived.
 */
export interface Omniscient {
  /** What is to be done now; `undefined` when all requests have been sent. */
  next(): OmniscientStep | undefined;
  /** The request of a job was not answered, or not to its end: it is to be sent once more. */
  again(job: number): void;
  /**
   * Sends all of them, each at its time, and resolves when the last has been answered.
   * @param send Sends the request of a job. What it resolves to says whether it was answered to its end; if `false`, it is
   * sent once more. Where it rejects, so does this.
   */
  run(send: (job: number) => Promise<boolean>): Promise<void>;
}

export function createOmniscient(simulation: Simulation, jobs: readonly Job[], options: OmniscientOptions): Omniscient {
  const { arrivals = [], apiKey = "key", transitMs = 0 } = options;
  const core = simulation.omniscient(jobs, arrivals, apiKey, transitMs);
  const next = (): OmniscientStep | undefined => simulation.step(core);
  const again = (job: number): void => core.again(job);

  const run = (send: (job: number) => Promise<boolean>): Promise<void> =>
    new Promise((resolve, reject) => {
      const { clock } = simulation;
      let inFlight = 0;
      let timer: unknown;
      const advance = (): void => {
        if (timer !== undefined) clock.clearTimer(timer);
        timer = undefined;
        for (let step = next(); step !== undefined; step = next()) {
          if ("waitMs" in step) {
            timer = clock.setTimer(advance, Math.min(step.waitMs, LONGEST_WAIT_MS));
            return;
          }
          const job = step.start;
          inFlight += 1;
          send(job).then((isWhole) => {
            inFlight -= 1;
            if (!isWhole) again(job);
            advance();
          }, fail);
        }
        if (inFlight === 0) resolve();
      };
      const fail = (reason: unknown): void => {
        if (timer !== undefined) clock.clearTimer(timer);
        reject(reason);
      };
      advance();
    });
  return { next, again, run };
}

/** To look again now and then costs nothing, and no timer holds much more than 24 days. */
const LONGEST_WAIT_MS = 60_000;
