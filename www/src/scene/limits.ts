import { anthropic } from "../presets.js";
import type { ScopeLimits, LimiterOptions } from "../tidegate.js";
import type { SimulatorOptions } from "../simulator.js";
import type { Amounts, SceneOptions } from "./options.js";

/** The model that is asked. */
export const MODEL = "claude-sonnet-5";
/** The name of its scope in the presets. */
const PRESET = "Sonnet 5";

/** The limits by the minute that hold in a scene. */
export function amountsOf(options: SceneOptions): Amounts {
  if (options.tier === "own") return options;
  return anthropic[options.tier].limits[PRESET] as ScopeLimits & Amounts;
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
