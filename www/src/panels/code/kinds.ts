/** What a program sends its requests with. */
export type Kind = (typeof KINDS)[number];
export const KINDS = ["anthropic", "openai", "fetch", "ai"] as const;

/** How programs with one SDK are written. */
export interface Sdk {
  /** What people call it. */
  readonly label: string;
  /** The packages that have to be installed beside Tidegate. */
  readonly packages: readonly string[];
  /** The environment variable that its key is read from. */
  readonly key: string;
  readonly imports: readonly string[];
  /** The imports of Tidegate's adapter. */
  readonly adapterImports: readonly string[];
  /** What asks: for a batch, and where somebody waits. */
  readonly names: readonly [batch: string, urgent: string];
  /** Makes what asks, with the limiter; `mixed` if batch and urgent requests share the limits. */
  clients(mixed: boolean): readonly string[];
  /** Makes the function `ask`, of the prompt or, if `mixed`, of what asks and the prompt. */
  ask(mixed: boolean, mostTokens: string): readonly string[];
}

export function sdkOf(kind: Kind): Sdk {
  return SDKS[kind];
}

/** The line that installs everything that a program needs. */
export function installOf(kind: Kind): string {
  return ["npm install tidegate", ...sdkOf(kind).packages].join(" ");
}

const anthropic: Sdk = {
  label: "Anthropic SDK",
  packages: ["@anthropic-ai/sdk"],
  key: "ANTHROPIC_API_KEY",
  imports: ['import Anthropic from "@anthropic-ai/sdk";'],
  adapterImports: [],
  names: ["claude", "urgent"],
  clients: (mixed) => [
    "const claude = new Anthropic({ middleware: [limiter.middleware()], maxRetries: 0 });",
    ...(mixed ? [`const urgent = claude.withOptions({ middleware: [${HIGH}.middleware()] });`] : []),
  ],
  ask: (mixed, mostTokens) => [
    mixed ? "const ask = (client, content) =>" : "const ask = (content) =>",
    `  ${mixed ? "client" : "claude"}.messages.create({`,
    '    model: "claude-sonnet-5",',
    `    max_tokens: ${mostTokens},`,
    '    messages: [{ role: "user", content }],',
    "  });",
  ],
};

const openai: Sdk = {
  label: "OpenAI SDK",
  packages: ["openai"],
  key: "OPENAI_API_KEY",
  imports: ['import OpenAI from "openai";'],
  adapterImports: ['import { forOpenAI } from "tidegate/openai";'],
  names: ["openai", "urgent"],
  clients: (mixed) => [
    "const openai = new OpenAI({ ...forOpenAI(limiter) });",
    ...(mixed ? [`const urgent = new OpenAI({ ...forOpenAI(${HIGH}) });`] : []),
  ],
  ask: (mixed, mostTokens) => [
    mixed ? "const ask = (client, content) =>" : "const ask = (content) =>",
    `  ${mixed ? "client" : "openai"}.chat.completions.create({`,
    '    model: "gpt-5-mini",',
    `    max_completion_tokens: ${mostTokens}, // OpenAI counts it in full`,
    '    messages: [{ role: "user", content }],',
    "  });",
  ],
};

const plainFetch: Sdk = {
  label: "Plain fetch",
  packages: [],
  key: "ANTHROPIC_API_KEY",
  imports: [],
  adapterImports: [],
  names: ["limiter", "urgent"],
  clients: (mixed) => (mixed ? [`const urgent = ${HIGH};`] : []),
  ask: (mixed, mostTokens) => [
    mixed ? "const ask = async (view, content) => {" : "const ask = async (content) => {",
    `  const response = await ${mixed ? "view" : "limiter"}.fetch("https://api.anthropic.com/v1/messages", {`,
    '    method: "POST",',
    "    headers: {",
    '      "content-type": "application/json",',
    '      "anthropic-version": "2023-06-01",',
    '      "x-api-key": process.env.ANTHROPIC_API_KEY,',
    "    },",
    "    body: JSON.stringify({",
    '      model: "claude-sonnet-5",',
    `      max_tokens: ${mostTokens},`,
    '      messages: [{ role: "user", content }],',
    "    }),",
    "  });",
    "  if (!response.ok) throw new Error(`HTTP ${response.status}: ${await response.text()}`);",
    "  return response.json();",
    "};",
  ],
};

const ai: Sdk = {
  label: "Vercel AI SDK",
  packages: ["ai", "@ai-sdk/anthropic"],
  key: "ANTHROPIC_API_KEY",
  imports: [
    'import { createAnthropic } from "@ai-sdk/anthropic";',
    'import { generateText, wrapLanguageModel } from "ai";',
  ],
  adapterImports: ['import { forAI, withoutRetries } from "tidegate/ai";'],
  names: ["sonnet", "urgent"],
  clients: (mixed) =>
    mixed
      ? [
          "const modelOf = (view) => {",
          "  const claude = createAnthropic({ ...forAI(view) });",
          '  return wrapLanguageModel({ model: claude("claude-sonnet-5"), middleware: withoutRetries });',
          "};",
          "const sonnet = modelOf(limiter);",
          `const urgent = modelOf(${HIGH});`,
        ]
      : [
          "const claude = createAnthropic({ ...forAI(limiter) });",
          'const model = wrapLanguageModel({ model: claude("claude-sonnet-5"), middleware: withoutRetries });',
        ],
  ask: (mixed, mostTokens) => [
    `const ask = (${mixed ? "model, prompt" : "prompt"}) =>`,
    `  generateText({ model, prompt, maxOutputTokens: ${mostTokens} });`,
  ],
};

/** A view of the limiter for what somebody waits for. */
const HIGH = 'limiter.with({ priority: "high" })';

const SDKS: Readonly<Record<Kind, Sdk>> = { anthropic, openai, fetch: plainFetch, ai };
