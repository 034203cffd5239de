// A program that has calls to make: it hands in each of its jobs when it is due, through one caller, and notes what
// became of them.
import { CALLERS } from "./callers.mjs";
import { unixNow, until } from "./clock.mjs";
import { clientOf, perform } from "./sdk.mjs";
import { WARM_UP } from "./warm-up.mjs";
import { workloadOf } from "./workloads.mjs";

/**
 * Prepares everything that is not to be measured: texts are written, and code is compiled by calls to a server that has
 * plenty of everything.
 *
 * @param only The number of the process whose jobs these are, or none for all of them.
 */
export async function prepared({ workload: { name, ...how }, caller, only, rehearsalUrl }) {
  const workload = workloadOf(name, how);
  const jobs = workload.jobs.filter((job) => only === undefined || job.process === only);
  const client = clientOf(workload.family, rehearsalUrl);
  const few = Array.from({ length: WARM_UP.calls }, (_, index) => jobs[index % jobs.length]);
  for (const stream of [true, false]) {
    await Promise.all(few.filter((job) => job.stream === stream).map((job) => perform(client, job, () => {})));
  }
  globalThis.gc?.();
  return new Program(workload, jobs, CALLERS[caller]);
}

class Program {
  /** What became of the jobs that have ended. Instants are milliseconds since the start. */
  results = [];
  #workload;
  #jobs;
  #caller;
  #startAt;

  constructor(workload, jobs, caller) {
    this.#workload = workload;
    this.#jobs = jobs;
    this.#caller = caller;
  }

  /** Begins at the instant `startAt`, and resolves when every call has ended, one way or the other. */
  async run({ url, startAt, simulator }) {
    this.#startAt = startAt;
    const truth = simulator && { simulator, storms: this.#workload.server.storms ?? [], now: () => this.#now() };
    const call = this.#caller.create({ ...sceneOf(this.#workload, this.#jobs), url, truth });
    await until(startAt);
    const ended = new Map();
    for (const job of this.#jobs) ended.set(job.index, this.#due(call, job, ended));
    await Promise.all(ended.values());
  }

  async #due(call, job, ended) {
    if (job.handedInMs > 0) await new Promise((resolve) => setTimeout(resolve, job.handedInMs - this.#now()));
    // A turn of a conversation comes after the one before it, which has a smaller number.
    if (job.after !== undefined) await ended.get(job.after);
    await this.#make(call, job);
  }

  async #make(call, job) {
    const result = { index: job.index, interactive: job.interactive, handedIn: this.#now(), ok: false };
    try {
      await call(job, () => (result.first ??= this.#now()));
      result.ok = true;
    } catch (error) {
      result.error = error.status ? `HTTP ${error.status}` : (error.code ?? error.constructor.name);
    }
    result.end = this.#now();
    this.results.push(result);
  }

  #now() {
    return unixNow() - this.#startAt;
  }
}

/** What a caller may know. */
function sceneOf({ family, published, untold, processes, jobs: all }, jobs) {
  const meanOutputTokens = all.reduce((sum, job) => sum + job.outputTokens, 0) / all.length;
  return { family, published, told: untold ? [] : parts(published, processes), meanOutputTokens, jobs };
}

/** What each of several processes is told of limits that they share: its part, as everybody does who knows of the others. */
function parts(published, processes) {
  const part = (amount) => Math.max(1, Math.floor(amount / processes));
  const of = ({ perMinute, atOnce, ...limit }) => ({ ...limit, perMinute: part(perMinute), atOnce: part(atOnce) });
  return published.map(({ models, limits }) => ({ models, limits: limits.map(of) }));
}
