// Mistral's SDK through its adapter, which is given the SDK's own class for what sends.
import { HTTPClient, Mistral } from "@mistralai/mistralai";
import { createLimiter } from "tidegate";
import { forMistral } from "tidegate/mistral";
import { QUESTIONS, serverFor } from "./server.mjs";

const server = await serverFor("MISTRAL_API_KEY");
const limiter = createLimiter({ limits: { "mistral-*": { rps: 2 } } });
const mistral = new Mistral({
  ...forMistral(limiter, HTTPClient, { timeoutMs: 10_000 }),
  apiKey: server.apiKey,
  serverURL: server.url,
});

const ask = async (content) => {
  const answer = await mistral.chat.complete({
    model: "mistral-small-latest",
    maxTokens: 60,
    messages: [{ role: "user", content }],
  });
  console.log(`${content} ${answer.choices[0].message.content.trim().slice(0, 40)}…`);
};
await Promise.all(QUESTIONS.map(ask));
await server.close();
