import type { Amounts, Tier } from "../../scene/options.js";

/** What a visitor wants to know the least time of. */
export interface Question {
  readonly requests: number;
  /** Tokens of each prompt. */
  readonly input: number;
  /** Tokens of each answer. */
  readonly output: number;
  readonly tier: Tier;
  /** The limits a minute, whoever's they are. */
  readonly amounts: Amounts;
}

/** What is counted, by its name in the simulator. */
export type Counted = "requests" | "inputTokens" | "outputTokens";

/** The least time under some limits. */
export interface Least {
  readonly tier: Tier;
  /** Milliseconds; undefined if a single prompt is larger than the input limit ever holds. */
  readonly ms: number | undefined;
  /** What binds: a limit, or "service" if a single answer takes longest. */
  readonly binding: Counted | "service";
}

/** What the simulator says. */
export interface Answer {
  /** Under the limits in question. */
  readonly yours: Least;
  /** Each of these limits for itself. */
  readonly limits: readonly LimitTime[];
  /** The published tiers, in their order. */
  readonly tiers: readonly Least[];
}

/** What one limit alone would take. */
export interface LimitTime {
  readonly counted: Counted;
  readonly perMinute: number;
  /** What all requests take of it. */
  readonly total: number;
  /** Milliseconds. */
  readonly ms: number;
}
