import type { Clock } from "../glue/clock.js";
import { OptionError } from "../glue/errors.js";
import type { LimiterOptions, QueueOptions } from "../glue/options.js";

/**
 * What a {@link LimiterObject} obeys: everything of a limiter but what only makes sense where requests are sent. State limits
 * for `default`, if callers choose the models: each model that has limits of its own makes what is stored larger.
 */
export interface ObjectOptions
  extends Pick<LimiterOptions, "limits" | "retry" | "provider" | "countTokens" | "learned" | "seed" | "clock"> {
  /** @default as each field of {@link QueueOptions} says, but `maxDepth` is 10000: whoever waits has a connection to the object */
  readonly queue?: QueueOptions;
  /**
   * How long a call may be in flight without a word from its Worker, in whole milliseconds: 1,000 to 3,600,000. A Worker
   * says one every half of it. Then the call is over, charged as reserved, and its place is free: its Worker is gone.
   * @default 60000
   */
  readonly leaseMs?: number;
}

/** The same, with those split off that the core does not know. */
export interface SplitOptions {
  readonly core: object;
  readonly clock: Clock | undefined;
  readonly seed: number | undefined;
  readonly leaseMs: number;
  /** Whether the core always delivers an answer below 400: unless a user described other meanings of such statuses. */
  readonly servedIsFinal: boolean;
}

/** @throws {OptionError} naming the option, its value and the fix; the others are checked by the core. */
export function splitOptions(options: ObjectOptions): SplitOptions {
  if (typeof options !== "object" || options === null) throw new OptionError("(all)", options, "Use an object.");
  const { clock, seed, leaseMs = LEASE_MS, queue, ...others } = options;
  if (!(Number.isInteger(leaseMs) && leaseMs >= 1_000 && leaseMs <= 3_600_000)) {
    throw new OptionError("leaseMs", leaseMs, "Use a whole number of milliseconds from 1,000 to 3,600,000.");
  }
  const core = { ...others, queue: { maxDepth: MAX_DEPTH, ...queue } };
  const provider = options.provider;
  const statuses = typeof provider === "object" && provider !== null ? Object.keys(provider.statuses ?? {}) : [];
  return { core, clock, seed, leaseMs, servedIsFinal: statuses.every((status) => Number(status) >= 400) };
}

const LEASE_MS = 60_000;

/** Everybody who waits has a connection open to the object, which has 128 MB for all of them. */
const MAX_DEPTH = 10_000;
