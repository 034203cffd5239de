import type { Simulator } from "../simulator.js";
import type { VirtualClock } from "./clock.js";
import { LANES } from "./lanes.js";

/** The three limits, in the order in which they are shown. */
export const DIMENSIONS = ["requests", "inputTokens", "outputTokens"] as const;
export type DimensionName = (typeof DIMENSIONS)[number];

/** What is left of every limit of both lanes, as the server has it, at even intervals. */
export class Levels {
  readonly #simulator: Simulator;
  readonly #clock: VirtualClock;
  readonly #everyMs: number;
  #samples: number[] = [];
  #timer: unknown;

  /** @param leastMs How long the scene takes at least, in milliseconds: of a long one fewer samples are taken. */
  constructor(simulator: Simulator, clock: VirtualClock, leastMs: number) {
    this.#simulator = simulator;
    this.#clock = clock;
    this.#everyMs = Math.max(SHORTEST_MS, Math.round(leastMs / SAMPLES));
  }

  /** Looks now, and from now on in even intervals. */
  start(): void {
    this.#look();
    this.#timer = this.#clock.setTimer(() => this.start(), this.#everyMs);
  }

  /** Looks for the last time. */
  stop(): void {
    this.#clock.clearTimer(this.#timer);
    this.#look();
  }

  /**
   * What was seen since it was last taken. A sample is the instant in milliseconds and then, lane by lane and dimension
   * by dimension, what is left in per cent of the most that goes at once; negative in debt.
   */
  takeSamples(): Float64Array {
    const taken = Float64Array.from(this.#samples);
    this.#samples = [];
    return taken;
  }

  #look(): void {
    const { organisations } = this.#simulator.stats();
    this.#samples.push(this.#clock.now());
    for (const lane of LANES) {
      const limits = organisations.find(({ name }) => name === lane)?.groups[0]?.limits ?? [];
      for (const dimension of DIMENSIONS) {
        const limit = limits.find((found) => found.dimension === dimension);
        this.#samples.push(limit === undefined ? 100 : (100 * limit.remaining) / limit.atOnce);
      }
    }
  }
}

/** So many numbers are one sample. */
export const SAMPLE_LENGTH: number = 1 + LANES.length * DIMENSIONS.length;
/** Shorter changes cannot be seen. */
const SHORTEST_MS = 500;
/** How many a chart has at least, where it is long: as many as it has pixels. */
const SAMPLES = 400;
