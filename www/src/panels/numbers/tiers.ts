import { anthropic } from "../../presets.js";
import type { Tier } from "../../scene/options.js";
import { PRESET_GROUP } from "../../scene/limits.js";

/** What the tiers are called. */
export const TIER_NAMES: Readonly<Record<Tier, string>> = {
  start: anthropic.start.name,
  build: anthropic.build.name,
  scale: anthropic.scale.name,
  own: "My own",
};

/** The names of groups of models. */
export interface TierGroups {
  readonly same: readonly string[];
  readonly other: readonly string[];
}

/** The groups of models that have the limits which stand for a tier, and those that have others. */
export function groupsOfTier(tier: keyof typeof anthropic): TierGroups {
  const { limits } = anthropic[tier];
  const standing = limits[PRESET_GROUP];
  const isSame = (group: string) => AMOUNTS.every((name) => limits[group]?.[name] === standing?.[name]);
  const groups = Object.keys(limits);
  return { same: groups.filter(isSame), other: groups.filter((group) => !isSame(group)) };
}

const AMOUNTS = ["rpm", "itpm", "otpm"] as const;
