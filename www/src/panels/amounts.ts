import { amountsOf } from "../scene/limits.js";
import { type Amounts, DEFAULTS } from "../scene/options.js";

/** What a published tier allows the models of {@link PRESET_GROUP} a minute, and all that have the same limits. */
export function presetAmounts(tier: "start" | "build" | "scale"): Amounts {
  const { rpm, itpm, otpm } = amountsOf({ ...DEFAULTS, tier });
  return { rpm, itpm, otpm };
}

/** The models whose limits stand for a tier, by their name in the presets. */
export const PRESET_GROUP = "Sonnet 5";
