// The SDK of Google for Gemini through its adapter.
import { ApiError, GoogleGenAI } from "@google/genai";
import { forGoogle } from "tidegate/google";
import { headersOf, trySdk } from "./battery.mjs";

trySdk("Google", {
  scope: "gemini-*",
  // What is written has no limit of its own.
  dimension: "input_tokens",
  client({ url, limiter, timeoutMs, bare }) {
    const how = bare ? { fetch: limiter.fetch, timeout: timeoutMs } : forGoogle(limiter, { timeoutMs });
    return new GoogleGenAI({ apiKey: "key", httpOptions: { baseUrl: url, ...how } });
  },
  async create(client, call) {
    const { text, usageMetadata } = await client.models.generateContent(asked(call));
    return { text, outputTokens: usageMetadata.candidatesTokenCount };
  },
  async *stream(client, call) {
    for await (const { text } of await client.models.generateContentStream(asked(call))) if (text) yield text;
  },
  // The SDK's own timer says no more than that it was aborted.
  isTimeout: (error) => error.name === "TimeoutError" || error.name === "AbortError",
  isAbort: (error) => error.name === "AbortError",
  isOverload: (error) => error instanceof ApiError && error.status === 503 && error.message.includes("UNAVAILABLE"),
});

function asked({ maxTokens = 100, signal, ...call }) {
  return {
    model: "gemini-3.5-flash",
    contents: "When does the tide turn?",
    config: { maxOutputTokens: maxTokens, abortSignal: signal, httpOptions: { headers: headersOf(call) } },
  };
}
