import { DEFAULTS, inRange, type NumberName, RANGES, type SceneOptions, type Tier, TIERS } from "./options.js";

/** How fast time may pass, in seconds of the scene a second. */
export const SPEEDS: readonly number[] = [1, 2, 5, 10, 20, 60];
export const DEFAULT_SPEED = 5;

/** What a link restores. */
export interface Linked {
  readonly options: SceneOptions;
  readonly speed: number;
}

/** The part of an address behind `#`. It names every option, so that it stays what it was when a default changes. */
export function hashOf({ options, speed }: Linked): string {
  const entries = Object.entries({ ...options, speed }).map(([name, value]) => [name, String(value)]);
  return `#${new URLSearchParams(entries)}`;
}

/** Whether such a part speaks of a scene, and not of a place in the page. */
export function isOfScene(hash: string): boolean {
  return [...new URLSearchParams(hash.replace(/^#/, "")).keys()].some((name) => name in DEFAULTS || name === "speed");
}

/** Reads such a part. What is missing is as by default, what is out of range the nearest that is in it. */
export function readHash(hash: string): Linked {
  const given = new URLSearchParams(hash.replace(/^#/, ""));
  const options: SceneOptions = { ...DEFAULTS };
  const tier = given.get("tier");
  if (isTier(tier)) options.tier = tier;
  for (const name of Object.keys(RANGES) as NumberName[]) {
    const text = given.get(name);
    if (text !== null && text.trim() !== "") options[name] = inRange(name, Number(text));
  }
  const speed = Number(given.get("speed"));
  return { options, speed: SPEEDS.includes(speed) ? speed : DEFAULT_SPEED };
}

function isTier(text: string | null): text is Tier {
  return TIERS.some((tier) => tier === text);
}
