// Each SDK takes what its adapter returns without a cast, and none of the adapters needs the SDK's types.
import { createAnthropic } from "@ai-sdk/anthropic";
import { createOpenAI } from "@ai-sdk/openai";
import Anthropic from "@anthropic-ai/sdk";
import { GoogleGenAI } from "@google/genai";
import { HTTPClient, Mistral } from "@mistralai/mistralai";
import { HTTPClient as OpenRouterHttpClient, OpenRouter } from "@openrouter/sdk";
import { wrapLanguageModel } from "ai";
import OpenAI from "openai";
import { createLimiter, type Middleware } from "tidegate";
import { forAI, withoutRetries } from "tidegate/ai";
import { forGoogle } from "tidegate/google";
import { forMistral } from "tidegate/mistral";
import { forOpenAI } from "tidegate/openai";
import { forOpenRouter } from "tidegate/openrouter";

const limiter = createLimiter();
const apiKey = "key";

export const middleware: Middleware = limiter.with({ attemptTimeoutMs: 20_000 }).middleware();
export const claude: Anthropic = new Anthropic({ apiKey, middleware: [middleware], maxRetries: 0 });
export const message = claude.messages.create(
  { model: "claude-sonnet-5", max_tokens: 1, messages: [] },
  { middleware: [limiter.middleware()] },
);

export const openai: OpenAI = new OpenAI({ ...forOpenAI(limiter, { timeoutMs: 20_000 }), apiKey });
export const patient: OpenAI = openai.withOptions(forOpenAI(limiter.with({ priority: "low" })));

export const anthropic = createAnthropic({ ...forAI(limiter, { timeoutMs: 20_000 }), apiKey });
export const chat = createOpenAI({ ...forAI(limiter), apiKey }).chat("gpt-5-mini");
export const model = wrapLanguageModel({ model: anthropic("claude-sonnet-5"), middleware: withoutRetries });
export const models = wrapLanguageModel({ model: chat, middleware: [withoutRetries] });

export const mistral: Mistral = new Mistral({ ...forMistral(limiter, HTTPClient, { timeoutMs: 20_000 }), apiKey });
export const hooked: HTTPClient = forMistral(limiter, HTTPClient).httpClient.addHook("response", () => {});
export const router: OpenRouter = new OpenRouter({ ...forOpenRouter(limiter, OpenRouterHttpClient), apiKey });

export const google: GoogleGenAI = new GoogleGenAI({ apiKey, httpOptions: forGoogle(limiter, { timeoutMs: 20_000 }) });
export const elsewhere = new GoogleGenAI({ apiKey, httpOptions: { ...forGoogle(limiter), baseUrl: "http://127.0.0.1" } });

limiter.run({ attemptTimeoutMs: 5 }, () => limiter.map([1], (item) => item, { attemptTimeoutMs: Infinity }));

// @ts-expect-error a time is a number of milliseconds
forOpenAI(limiter, { timeoutMs: "20s" });
// @ts-expect-error a misspelt option
forGoogle(limiter, { timeout: 20_000 });
// @ts-expect-error the SDK's own class is missing
forMistral(limiter, { timeoutMs: 20_000 });
// @ts-expect-error something that is no HTTPClient
new Mistral({ ...forMistral(limiter, Map), apiKey });
