import { MODEL, publishedAmounts } from "../../scene/limits.js";
import { type Amounts, type Tier, TIERS } from "../../scene/options.js";
import { type Bound, createSimulator, type Job } from "../../simulator.js";
import type { Answer, Counted, Least, LimitTime, Question } from "./question.js";

/** How fast an answer comes in all that is computed here. */
export const TIMING = { firstTokenMs: 400, tokensPerSecond: 80, variation: 0 } as const;

/** Has the simulator say how long the requests take at least, all handed in at once to full buckets. */
export function answerOf(question: Question): Answer {
  const { tier, amounts } = question;
  const bound = boundOf(question, amounts);
  return {
    yours: leastOf(question, tier, amounts, bound),
    limits: COUNTED.map((counted) => limitTime(counted, amounts, bound)),
    tiers: TIERS.filter((name) => name !== "own").map((name) => leastOf(question, name, publishedAmounts(name))),
  };
}

function leastOf(question: Question, tier: Tier, amounts: Amounts, bound = boundOf(question, amounts)): Least {
  // The server never admits a prompt that is larger than the bucket.
  if (question.input > amounts.itpm) return { tier, ms: undefined, binding: "inputTokens" };
  return { tier, ms: bound.ms, binding: bound.binding as Counted | "service" };
}

function boundOf({ requests, input, output }: Question, amounts: Amounts): Bound {
  const simulator = createSimulator({ limits: { default: amounts }, timing: TIMING });
  const job: Job = {
    model: MODEL,
    inputTokens: input,
    outputTokens: output,
    maxTokens: output,
    stream: false,
    priority: "normal",
  };
  return simulator.bound([job], [], [requests]);
}

function limitTime(counted: Counted, amounts: Amounts, { limits }: Bound): LimitTime {
  const found = limits.find(({ dimension }) => dimension === counted);
  return { counted, perMinute: amounts[SHORT[counted]], total: found?.total ?? 0, ms: found?.ms ?? 0 };
}

const COUNTED: readonly Counted[] = ["requests", "inputTokens", "outputTokens"];
const SHORT = { requests: "rpm", inputTokens: "itpm", outputTokens: "otpm" } as const;
