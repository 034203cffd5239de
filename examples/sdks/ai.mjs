// Vercel's AI SDK through its adapter: the provider sends through the limiter, and the AI SDK leaves retries to it.
import { createAnthropic } from "@ai-sdk/anthropic";
import { generateText, wrapLanguageModel } from "ai";
import { createLimiter } from "tidegate";
import { forAI, withoutRetries } from "tidegate/ai";
import { QUESTIONS, serverFor } from "./server.mjs";

const server = await serverFor("ANTHROPIC_API_KEY");
const limiter = createLimiter({ limits: { "claude-*": { rps: 2 } } });
const anthropic = createAnthropic({
  ...forAI(limiter, { timeoutMs: 10_000 }),
  apiKey: server.apiKey,
  baseURL: server.url && `${server.url}/v1`,
});
const model = wrapLanguageModel({ model: anthropic("claude-haiku-4-5"), middleware: withoutRetries });

const ask = async (prompt) => {
  const { text } = await generateText({ model, prompt, maxOutputTokens: 60 });
  console.log(`${prompt} ${text.trim().slice(0, 40)}…`);
};
await Promise.all(QUESTIONS.map(ask));
await server.close();
