import { amountsOf, PRESET_GROUP } from "../../scene/limits.js";
import type { SceneOptions } from "../../scene/options.js";
import { literal, mostTokens } from "./number.js";

/** The part of a program that makes the limiter. */
export interface LimiterCode {
  /** What has to be imported beside `createLimiter`, one statement a line. */
  readonly imports: readonly string[];
  readonly lines: readonly string[];
}

/** A limiter for Claude's API with the limits of a scene: a preset where that says it all. */
export function claudeLimiter(options: SceneOptions): LimiterCode {
  const { tier } = options;
  const { rpm, itpm, otpm } = amountsOf(options);
  const isOwn = tier === "own";
  // Claude's API counts output as it appears, so that an answer longer than the bucket goes through all the same.
  const outputBurst = Math.max(burstOf(otpm, options), mostTokens(options.output));
  const imports = isOwn ? [] : ['import { anthropic } from "tidegate/presets";'];
  const limits: readonly Limit[] = [
    { dimension: "requests", name: "rpm", amount: rpm, burst: burstOf(rpm, options) },
    { dimension: "input_tokens", name: "itpm", amount: itpm, burst: burstOf(itpm, options) },
    { dimension: "output_tokens", name: "otpm", amount: otpm, burst: outputBurst },
  ];
  if (isOwn) return { imports, lines: limiterLines(CLAUDE_MODELS, limits, "your limits, from the Console", false) };
  if (limits.every(isPlain)) {
    return { imports, lines: [`const limiter = createLimiter({ limits: anthropic.${tier}.limits });`] };
  }
  const amounts = `const { rpm, itpm, otpm } = anthropic.${tier}.limits["${PRESET_GROUP}"];`;
  return { imports, lines: [amounts, ...limiterLines(PRESET_MODEL, limits, "", true)] };
}

/** The same for OpenAI's API, which counts input and output together. */
export function openAILimiter(options: SceneOptions): LimiterCode {
  const { rpm, itpm, otpm } = amountsOf(options);
  const tpm = itpm + otpm;
  const limits: readonly Limit[] = [
    { dimension: "requests", name: "rpm", amount: rpm, burst: burstOf(rpm, options) },
    { dimension: "tokens", name: "tpm", amount: tpm, burst: burstOf(tpm, options) },
  ];
  const comment = "the scene's: yours are in OpenAI's settings";
  return { imports: [], lines: limiterLines(OPENAI_MODELS, limits, comment, false) };
}

/** One limit by the minute, and what of it may go at once. */
interface Limit {
  readonly dimension: string;
  /** Its short name, which is also that of a variable where the amounts come from a preset. */
  readonly name: string;
  readonly amount: number;
  readonly burst: number;
}

function burstOf(amount: number, { bucket }: SceneOptions): number {
  return Math.max(Math.floor((amount * bucket) / SECONDS_A_MINUTE), 1);
}

/** Whether a short name says all of it. */
function isPlain({ amount, burst }: Limit): boolean {
  return burst === amount;
}

function limiterLines(models: string, limits: readonly Limit[], comment: string, byName: boolean): string[] {
  if (limits.every(isPlain)) {
    const amounts = limits.map(({ name, amount }) => `${name}: ${literal(amount)}`).join(", ");
    return ["const limiter = createLimiter({", `  limits: { "${models}": { ${amounts} } }, // ${comment}`, "});"];
  }
  const spelled = limits.map(({ dimension, name, amount, burst }) => {
    const text = byName ? name : literal(amount);
    return `        { dimension: "${dimension}", amount: ${text}, periodMs: 60_000, burst: ${literal(burst)} },`;
  });
  return [
    "const limiter = createLimiter({",
    "  limits: {",
    `    "${models}": {`,
    "      // The burst is what may go at once.",
    "      limits: [",
    ...spelled,
    "      ],",
    "    },",
    "  },",
    "});",
  ];
}

const CLAUDE_MODELS = "claude-sonnet-*";
const OPENAI_MODELS = "gpt-*";
const PRESET_MODEL = "claude-sonnet-5";
const SECONDS_A_MINUTE = 60;
