import type { ScopeLimits } from "../glue/options.js";

/** The day the numbers below were read at their source. */
const READ_ON = "2026-11-23";

/** Published limits of one tier, ready for `createLimiter({ limits: tier.limits })`. */
export interface Tier {
  readonly name: string;
  readonly limits: Readonly<Record<string, ScopeLimits>>;
  /** Where the numbers were published. */
  readonly source: string;
  /** The day they were read there, as YYYY-MM-DD. */
  readonly readOn: string;
}

/**
 * The standard tiers of the Claude API, one scope for each group of models that shares its limits.
 *
 * They are a head start for the first seconds, not the truth: what the server's headers say always wins, and Anthropic
 * changed these numbers three times in 2026. Only confirmed numbers are here; models that are missing (Opus 5.5,
 * Sonnet 5.5, Fable 5.2, Mythos, Evaluation and Custom tiers) are learned from the headers. They hold for the Claude
 * API itself, not for Bedrock, Vertex or Foundry.
 *
 * ```ts
 * const limiter = createLimiter({ limits: anthropic.build.limits });
 * ```
 */
export const anthropic: Readonly<Record<"start" | "build" | "scale", Tier>> = {
  start: tier("Start", perMinute(1_000, 2_000_000, 400_000), perMinute(1_000, 500_000, 100_000)),
  build: tier("Build", perMinute(5_000, 5_000_000, 1_000_000), perMinute(2_000, 1_500_000, 300_000)),
  scale: tier("Scale", perMinute(10_000, 10_000_000, 2_000_000), perMinute(4_000, 4_000_000, 800_000)),
};

interface PerMinute {
  readonly published: string;
  readonly rpm: number;
  readonly itpm: number;
  readonly otpm: number;
}

/** In every tier all groups have the same numbers, except Fable. */
function tier(name: string, common: PerMinute, fable: PerMinute): Tier {
  return {
    name,
    source: "https://platform.claude.com/docs/en/api/rate-limits",
    readOn: READ_ON,
    // The dated ids of a model ("…-5-20260601") belong to its group; those of its successor ("…-5-5") do not.
    limits: {
      "Fable 5 and 5.1": { models: ["claude-fable-5", "claude-fable-5-20*", "claude-fable-5-1*"], ...fable },
      "Opus 5": { models: ["claude-opus-5", "claude-opus-5-20*"], ...common },
      "Opus 4": { models: ["claude-opus-4-*"], ...common },
      "Sonnet 5": { models: ["claude-sonnet-5", "claude-sonnet-5-20*"], ...common },
      "Sonnet 4": { models: ["claude-sonnet-4-*"], ...common },
      "Haiku 4.5": { models: ["claude-haiku-4-5*"], ...common },
      "Haiku 5.5": { models: ["claude-haiku-5-5*"], ...common },
    },
  };
}

function perMinute(rpm: number, itpm: number, otpm: number): PerMinute {
  return { published: READ_ON, rpm, itpm, otpm };
}
