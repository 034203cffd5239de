import type { Frame, Opened } from "../scene/messages.js";
import { clockTime, number } from "../words.js";

/** What is to be expected of a scene, in a sentence. */
export function outlookOf({ bound }: Opened): string {
  return `This takes at least ${clockTime(bound.ms)}: ${BINDING[bound.binding]}.`;
}

/** How a scene ended, in a sentence or two. */
export function outcomeOf({ lanes }: Frame, total: number): string {
  const { plain, tidegate } = lanes;
  const done = tidegate.counts.done === total ? `all ${number(total)}` : `${number(tidegate.counts.done)} of ${number(total)}`;
  const refused = tidegate.counts.refused === 0 ? "none refused" : `${number(tidegate.counts.refused)} refused on the way`;
  const ours = `Through Tidegate ${done} were answered in ${clockTime(tidegate.counts.endedAtMs ?? 0)}, ${refused}.`;
  const theirs = `Plain fetch met ${number(plain.counts.refused)} refusals and gave ${number(plain.counts.failed)} up.`;
  return `${ours} ${theirs}`;
}

const BINDING = {
  requests: "what binds is the limit on requests",
  inputTokens: "what binds is the limit on input tokens",
  outputTokens: "what binds is the limit on output tokens",
  tokens: "what binds is the limit on tokens",
  service: "no limit binds, but the last requests come late and have to be answered",
};
