/** The two lanes, in the order in which they are shown. */
export const LANES = ["plain", "tidegate"] as const;
export type LaneName = (typeof LANES)[number];

/** The API key of a lane: each is an organisation with limits of its own. */
export function keyOf(lane: LaneName): string {
  return `key-of-${lane}`;
}
