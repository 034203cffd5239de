// The SDK of OpenRouter, which sends Request objects, through its adapter.
import { HTTPClient, OpenRouter } from "@openrouter/sdk";
import { OpenRouterError, RequestAbortedError, RequestTimeoutError } from "@openrouter/sdk/models/errors";
import { forOpenRouter } from "tidegate/openrouter";
import { headersOf, trySdk } from "./battery.mjs";

const asked = { model: "openai/gpt-5-mini", messages: [{ role: "user", content: "When does the tide turn?" }] };

trySdk("OpenRouter", {
  scope: "openai/*",
  dimension: "tokens",
  client({ url, limiter, timeoutMs, bare }) {
    const how = bare
      ? { httpClient: new HTTPClient({ fetcher: limiter.fetch }), timeoutMs, retryConfig: { strategy: "none" } }
      : forOpenRouter(limiter, HTTPClient, { timeoutMs });
    return new OpenRouter({ ...how, apiKey: "key", serverURL: `${url}/v1` });
  },
  async create(client, { maxTokens = 100, signal, ...call }) {
    const chatRequest = { ...asked, maxCompletionTokens: maxTokens };
    const answer = await client.chat.send({ chatRequest }, { signal, headers: headersOf(call) });
    return { text: answer.choices[0].message.content, outputTokens: answer.usage.completionTokens };
  },
  async *stream(client, { maxTokens = 100, signal, ...call }) {
    const chatRequest = { ...asked, maxCompletionTokens: maxTokens, stream: true };
    const chunks = await client.chat.send({ chatRequest }, { signal, headers: headersOf(call) });
    for await (const chunk of chunks) {
      const text = chunk.choices[0]?.delta.content;
      if (text) yield text;
    }
  },
  isTimeout: (error) => error instanceof RequestTimeoutError,
  isAbort: (error) => error instanceof RequestAbortedError || error.name === "AbortError",
  isOverload: (error) => error instanceof OpenRouterError && error.statusCode === 503,
});
