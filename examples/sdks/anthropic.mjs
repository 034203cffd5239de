// Anthropic's SDK with the limiter as its middleware: calls wait outside of the SDK's timer, which is shorter than the wait.
import Anthropic from "@anthropic-ai/sdk";
import { createLimiter } from "tidegate";
import { QUESTIONS, serverFor } from "./server.mjs";

const server = await serverFor("ANTHROPIC_API_KEY");
const limiter = createLimiter({ limits: { "claude-*": { rps: 2 } } });
const claude = new Anthropic({
  middleware: [limiter.middleware()],
  maxRetries: 0,
  timeout: 10_000,
  apiKey: server.apiKey,
  baseURL: server.url,
});

const ask = async (content) => {
  const message = await claude.messages.create({
    model: "claude-haiku-4-5",
    max_tokens: 60,
    messages: [{ role: "user", content }],
  });
  console.log(`${content} ${message.content[0].text.trim().slice(0, 40)}…`);
};
await Promise.all(QUESTIONS.map(ask));
await server.close();
