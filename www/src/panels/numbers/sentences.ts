import { capital, dimensionName, duration, number } from "../../words.js";
import { TIER_NAMES } from "./tiers.js";
import type { Answer, Least, LimitTime } from "./question.js";

/** The answer in one sentence or two. */
export function headline({ yours, limits }: Answer): string {
  if (yours.ms === undefined) return "Never: one prompt is larger than the input limit ever holds.";
  return `At least ${duration(yours.ms)}. ${whatBinds(yours, limits)}`;
}

/** What another tier would give. */
export function nextTier({ yours, tiers }: Answer): string {
  const own = tiers.findIndex(({ tier }) => tier === yours.tier);
  if (own >= 0) {
    const next = tiers[own + 1];
    if (next === undefined) return `${TIER_NAMES[yours.tier]} is the highest published tier.`;
    return `The next tier, ${TIER_NAMES[next.tier]}: ${least(next)}.`;
  }
  const faster = tiers.find(({ ms }) => ms !== undefined && (yours.ms === undefined || ms < yours.ms));
  if (faster === undefined) return "No published tier of Claude’s API would be faster.";
  return `The first published tier that is faster, ${TIER_NAMES[faster.tier]}: ${least(faster)}.`;
}

/** A limit that binds, or what else does, as two words of a table. */
export function bindingName({ ms, binding }: Least): string {
  if (ms === undefined) return "input tokens";
  return binding === "service" ? "no limit" : dimensionName(binding);
}

function least(time: Least): string {
  if (time.ms === undefined) return "never, one prompt is larger than its input limit";
  const what = time.binding === "service" ? "where no limit binds" : `binding: ${bindingName(time)}`;
  return `${duration(time.ms)}, ${what}`;
}

function whatBinds({ binding }: Least, limits: readonly LimitTime[]): string {
  if (binding === "service") return "No limit binds: it takes as long as a single answer.";
  const limit = limits.find(({ counted }) => counted === binding);
  const name = capital(dimensionName(binding));
  if (limit === undefined) return `${name} bind.`;
  return `${name} bind: ${number(limit.total)} at ${number(limit.perMinute)} a minute.`;
}
