import { CoreSimulator, initSync, jobBody as coreJobBody, prompt as corePrompt, workload as coreWorkload } from "../wasm/simulator.js";
import { bytes } from "../wasm/simulator_inline.js";
import { type SimulatorClock, type SimulatorOptions, systemClock } from "./options.js";
import type { OmniscientStep } from "./omniscient.js";
import type { Bound, Job, Stats, WorkloadName } from "./results.js";

/** The scheduler in WebAssembly. Named here, so that no declaration file needs the generated ones. */
export interface CoreScheduler {
  next(nowMs: number, simulator: never): string;
  again(job: number): void;
}

/** The whole answer to a request, planned in advance. Times are milliseconds since the simulation began. */
export interface Exchange {
  id: number;
  head: { at: number; status: number; headers: [name: string, value: string][] } | null;
  /** Of what is no text, the bytes in base64. */
  pieces: [at: number, piece: string | { base64: string }][];
  ending: "complete" | "lost" | "never";
  endsAt: number | null;
}

/** The virtual server with a clock. Everything it answers was decided in the core. */
export class Simulation {
  readonly clock: SimulatorClock;
  readonly #core: CoreSimulator;
  readonly #origin: number;

  constructor(options: SimulatorOptions) {
    const { clock = systemClock, ...plain } = options;
    const wallOriginMs = plain.wallOriginMs ?? (clock.wallNow ? Math.round(clock.wallNow()) : undefined);
    load();
    this.clock = clock;
    this.#core = new CoreSimulator(JSON.stringify({ ...plain, wallOriginMs }));
    this.#origin = clock.now();
  }

  /** Milliseconds since the simulation began. */
  now(): number {
    return this.clock.now() - this.#origin;
  }

  /** A request arrives. `headers` are `name: value` lines. */
  handle(method: string, path: string, headers: string, body: Uint8Array): Exchange {
    return JSON.parse(this.#core.handle(this.now(), method, path, headers, body)) as Exchange;
  }

  /** The client of an exchange went away. */
  abort(exchange: Exchange): void {
    this.#core.abort(this.now(), exchange.id);
  }

  stats(): Stats {
    return JSON.parse(this.#core.stats(this.now())) as Stats;
  }

  /** `arrivals` are milliseconds from now. */
  bound(jobs: readonly Job[], arrivals: readonly number[], counts: readonly number[]): Bound {
    const now = this.now();
    const times = instants(arrivals, now);
    return JSON.parse(this.#core.bound(JSON.stringify(jobs), times, Uint32Array.from(counts), now)) as Bound;
  }

  /** `arrivals` are milliseconds from now. */
  omniscient(jobs: readonly Job[], arrivals: readonly number[], apiKey: string, transitMs: number): CoreScheduler {
    return this.#core.omniscient(JSON.stringify(jobs), instants(arrivals, this.now()), apiKey, transitMs);
  }

  /** What a scheduler of this simulation says is to be done. */
  step(scheduler: CoreScheduler): OmniscientStep | undefined {
    const now = this.now();
    const step = JSON.parse(scheduler.next(now, this.#core as never)) as { start: number } | { at: number } | null;
    if (step === null) return undefined;
    return "at" in step ? { waitMs: Math.max(step.at - now, SHORTEST_WAIT_MS) } : step;
  }
}

export function workload(name: WorkloadName, count: number, seed: number): Job[] {
  load();
  return JSON.parse(coreWorkload(name, count, seed)) as Job[];
}

export function prompt(inputTokens: number, variant: number): string {
  load();
  return corePrompt(inputTokens, variant);
}

export function jobBody(job: Job, variant: number): string {
  load();
  return coreJobBody(JSON.stringify(job), variant);
}

function instants(arrivals: readonly number[], now: number): Float64Array {
  return Float64Array.from(arrivals, (arrival) => now + arrival);
}

/** Less than a microsecond may be lost in the digits of a clock. */
const SHORTEST_WAIT_MS = 0.001;

let loaded = false;

/** On first use rather than on import, so that importing has no effect and bundlers may drop what is not used. */
function load(): void {
  if (loaded) return;
  initSync({ module: bytes() });
  loaded = true;
}
