// The SDK of OpenAI through its adapter.
import OpenAI from "openai";
import { forOpenAI } from "tidegate/openai";
import { headersOf, trySdk } from "./battery.mjs";

const body = { model: "gpt-5-mini", messages: [{ role: "user", content: "When does the tide turn?" }] };

trySdk("OpenAI", {
  scope: "gpt-*",
  dimension: "tokens",
  client({ url, limiter, timeoutMs, bare }) {
    const how = bare ? { fetch: limiter.fetch, timeout: timeoutMs, maxRetries: 0 } : forOpenAI(limiter, { timeoutMs });
    return new OpenAI({ ...how, apiKey: "key", baseURL: `${url}/v1` });
  },
  async create(client, { maxTokens = 100, signal, ...call }) {
    const answer = await client.chat.completions.create(
      { ...body, max_completion_tokens: maxTokens },
      { signal, headers: headersOf(call) },
    );
    return { text: answer.choices[0].message.content, outputTokens: answer.usage.completion_tokens };
  },
  async *stream(client, { maxTokens = 100, signal, ...call }) {
    const chunks = await client.chat.completions.create(
      { ...body, max_completion_tokens: maxTokens, stream: true },
      { signal, headers: headersOf(call) },
    );
    for await (const chunk of chunks) {
      const text = chunk.choices[0]?.delta?.content;
      if (text) yield text;
    }
  },
  isTimeout: (error) => error instanceof OpenAI.APIConnectionTimeoutError,
  isAbort: (error) => error instanceof OpenAI.APIUserAbortError,
  isOverload: (error) => error instanceof OpenAI.InternalServerError && error.status === 503 && error.error !== undefined,
});
