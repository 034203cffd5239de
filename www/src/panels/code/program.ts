import type { SceneOptions } from "../../scene/options.js";
import { type Kind, sdkOf } from "./kinds.js";
import { claudeLimiter, openAILimiter } from "./limits.js";
import { literal, mostTokens } from "./number.js";

/** The program that does what a scene shows: an ES module for Node from 20 on, with the key in the environment. */
export function programOf(options: SceneOptions, kind: Kind): string {
  const sdk = sdkOf(kind);
  const limiter = kind === "openai" ? openAILimiter(options) : claudeLimiter(options);
  const urgent = Math.round((options.requests * options.interactive) / 100);
  const mixed = urgent > 0 && urgent < options.requests;
  const lines = [
    ...[...sdk.imports, CREATE_LIMITER, ...sdk.adapterImports, ...limiter.imports],
    "",
    ...limiter.lines,
    ...sdk.clients(mixed),
    "",
    ...sdk.ask(mixed, literal(mostTokens(options.output))),
    "",
    ...(mixed ? runOfBoth(urgent, options.requests - urgent, sdk.names) : runOfAll(options.requests)),
  ];
  return `${lines.join("\n")}\n`;
}

function runOfAll(requests: number): string[] {
  return [
    `const prompts = ${placeholders(requests, "Prompt")}; // yours`,
    "const answers = await Promise.all(prompts.map((prompt) => ask(prompt))); // all at once, if you like",
    DONE,
  ];
}

function runOfBoth(urgent: number, others: number, [batch, first]: readonly [string, string]): string[] {
  return [
    `const questions = ${placeholders(urgent, "Question")}; // somebody waits`,
    `const prompts = ${placeholders(others, "Prompt")}; // a batch`,
    "const answers = await Promise.all([",
    `  ...prompts.map((prompt) => ask(${batch}, prompt)),`,
    `  ...questions.map((question) => ask(${first}, question)),`,
    "]);",
    DONE,
  ];
}

function placeholders(count: number, word: string): string {
  return `Array.from({ length: ${literal(count)} }, (_, index) => \`${word} \${index + 1}\`)`;
}

const CREATE_LIMITER = 'import { createLimiter } from "tidegate";';
const DONE = 'console.log(answers.length, "answers");';
