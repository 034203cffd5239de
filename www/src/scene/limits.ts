import { anthropic } from "../presets.js";
import type { SimulatorOptions } from "../simulator.js";
import type { LimiterOptions, ScopeLimits } from "../tidegate.js";
import type { Amounts, SceneOptions, Tier } from "./options.js";

/** The limits by the minute that hold in a scene. */
export function amountsOf({ tier, rpm, itpm, otpm }: Pick<SceneOptions, "tier" | keyof Amounts>): Amounts {
  return tier === "own" ? { rpm, itpm, otpm } : publishedAmounts(tier);
}

/** What a published tier allows {@link MODEL} a minute, and all models that have the same limits. */
export function publishedAmounts(tier: Exclude<Tier, "own">): Amounts {
  const { rpm, itpm, otpm } = anthropic[tier].limits[PRESET_GROUP] as ScopeLimits & Amounts;
  return { rpm, itpm, otpm };
}

/** The same as the server enforces them. */
export function serverLimits(options: SceneOptions): NonNullable<SimulatorOptions["limits"]> {
  const { rpm, itpm, otpm } = amountsOf(options);
  return { default: { rpm, itpm, otpm, burstMs: options.bucket * 1000 } };
}

/** The same as Tidegate is told them. */
export function limiterLimits(options: SceneOptions): NonNullable<LimiterOptions["limits"]> {
  const { rpm, itpm, otpm } = amountsOf(options);
  if (options.bucket === 60) return { default: { rpm, itpm, otpm } };
  const limit = (dimension: "requests" | "input_tokens" | "output_tokens", amount: number) => {
    const burst = Math.max(1, Math.floor((amount * options.bucket) / 60));
    return { dimension, amount, periodMs: 60_000, burst };
  };
  return {
    default: { limits: [limit("requests", rpm), limit("input_tokens", itpm), limit("output_tokens", otpm)] },
  };
}

/** The model that is asked. */
export const MODEL = "claude-sonnet-5";
/** The name of its limits in the presets. */
export const PRESET_GROUP = "Sonnet 5";
