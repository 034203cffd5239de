import { anthropic } from "../presets.js";
import type { Amounts, SceneOptions } from "../scene/options.js";

/** The amounts a minute that hold in a scene: the tier's, or one's own. */
export function amountsOf({ tier, rpm, itpm, otpm }: SceneOptions): Amounts {
  return tier === "own" ? { rpm, itpm, otpm } : presetAmounts(tier);
}

/** What a published tier allows the models of {@link PRESET_GROUP} a minute, and all that have the same limits. */
export function presetAmounts(tier: keyof typeof anthropic): Amounts {
  const { rpm, itpm, otpm } = anthropic[tier].limits[PRESET_GROUP] ?? {};
  if (rpm === undefined || itpm === undefined || otpm === undefined) throw new Error(`No limits of ${PRESET_GROUP}.`);
  return { rpm, itpm, otpm };
}

/** The models whose limits stand for a tier, by their name in the presets. */
export const PRESET_GROUP = "Sonnet 5";
