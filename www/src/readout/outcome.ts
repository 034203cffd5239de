import type { Frame, Opened } from "../scene/messages.js";
import { clockTime, whole } from "../words.js";

/** What is to be expected of a scene, in a sentence. */
export function outlookOf({ bound }: Opened): string {
  return `At least ${clockTime(bound.ms)}, whoever sends: ${BINDING[bound.binding]}.`;
}

/** How a scene ended, in a sentence or two. */
export function outcomeOf({ lanes }: Frame, total: number): string {
  const { plain, tidegate } = lanes;
  const all = tidegate.counts.done === total ? `all ${whole(total)}` : `${whole(tidegate.counts.done)} of ${whole(total)}`;
  const refused = tidegate.counts.refused === 0 ? "none refused" : `${whole(tidegate.counts.refused)} refused on the way`;
  const ours = `Through Tidegate ${all} requests were answered in ${clockTime(tidegate.counts.endedAtMs ?? 0)}, ${refused}.`;
  const givenUp = plain.counts.failed === 0 ? "gave none up" : `gave ${whole(plain.counts.failed)} up`;
  return `${ours} Plain fetch was refused ${whole(plain.counts.refused)} times and ${givenUp}.`;
}

const BINDING = {
  requests: "the limit that binds is that of requests",
  inputTokens: "the limit that binds is that of input tokens",
  outputTokens: "the limit that binds is that of output tokens",
  tokens: "the limit that binds is that of tokens",
  service: "no limit binds, but the last requests come no sooner, and have to be answered",
};
