// OpenAI's SDK through its adapter: its timer is put off, and the limiter's, which does not count the wait, takes its place.
import OpenAI from "openai";
import { createLimiter } from "tidegate";
import { forOpenAI } from "tidegate/openai";
import { QUESTIONS, serverFor } from "./server.mjs";

const server = await serverFor("OPENAI_API_KEY");
const limiter = createLimiter({ limits: { "gpt-*": { rps: 2 } } });
const openai = new OpenAI({
  ...forOpenAI(limiter, { timeoutMs: 10_000 }),
  apiKey: server.apiKey,
  baseURL: server.url && `${server.url}/v1`,
});

const ask = async (content) => {
  const answer = await openai.chat.completions.create({
    model: "gpt-5-mini",
    max_completion_tokens: 60,
    messages: [{ role: "user", content }],
  });
  console.log(`${content} ${answer.choices[0].message.content.trim().slice(0, 40)}…`);
};
await Promise.all(QUESTIONS.map(ask));
await server.close();
