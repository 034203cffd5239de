// Google's SDK for Gemini through its adapter, whose timer does not count the wait.
import { GoogleGenAI } from "@google/genai";
import { createLimiter } from "tidegate";
import { forGoogle } from "tidegate/google";
import { QUESTIONS, serverFor } from "./server.mjs";

const server = await serverFor("GEMINI_API_KEY");
const limiter = createLimiter({ limits: { "gemini-*": { rps: 2 } } });
const google = new GoogleGenAI({
  apiKey: server.apiKey,
  httpOptions: { ...forGoogle(limiter, { timeoutMs: 10_000 }), baseUrl: server.url },
});

const ask = async (contents) => {
  const { text } = await google.models.generateContent({
    model: "gemini-3.5-flash",
    contents,
    config: { maxOutputTokens: 60 },
  });
  console.log(`${contents} ${text.trim().slice(0, 40)}…`);
};
await Promise.all(QUESTIONS.map(ask));
await server.close();
