// OpenRouter's SDK through its adapter, which is given the SDK's own class for what sends.
import { HTTPClient, OpenRouter } from "@openrouter/sdk";
import { createLimiter } from "tidegate";
import { forOpenRouter } from "tidegate/openrouter";
import { QUESTIONS, serverFor } from "./server.mjs";

const server = await serverFor("OPENROUTER_API_KEY");
const limiter = createLimiter({ limits: { default: { rps: 2 } } });
const router = new OpenRouter({
  ...forOpenRouter(limiter, HTTPClient, { timeoutMs: 10_000 }),
  apiKey: server.apiKey,
  serverURL: server.url && `${server.url}/api/v1`,
});

const ask = async (content) => {
  const answer = await router.chat.send({
    chatRequest: { model: "openai/gpt-5-mini", maxCompletionTokens: 60, messages: [{ role: "user", content }] },
  });
  console.log(`${content} ${answer.choices[0].message.content.trim().slice(0, 40)}…`);
};
await Promise.all(QUESTIONS.map(ask));
await server.close();
