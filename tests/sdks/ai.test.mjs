// Vercel's AI SDK through its adapter, with two of its providers.
import { createAnthropic } from "@ai-sdk/anthropic";
import { createOpenAI } from "@ai-sdk/openai";
import { APICallError, generateText, streamText, wrapLanguageModel } from "ai";
import { forAI, withoutRetries } from "tidegate/ai";
import { headersOf, trySdk } from "./battery.mjs";

for (const [name, of] of Object.entries({
  "AI SDK, Anthropic": {
    scope: "claude-sonnet-*",
    dimension: "output_tokens",
    model: (options) => createAnthropic(options)("claude-sonnet-5"),
  },
  "AI SDK, OpenAI": {
    scope: "gpt-*",
    dimension: "tokens",
    model: (options) => createOpenAI(options).chat("gpt-4.1-mini"),
  },
})) {
  trySdk(name, {
    ...of,
    client({ url, limiter, timeoutMs, bare }) {
      const how = bare ? { fetch: limiter.fetch } : forAI(limiter, { timeoutMs });
      const model = wrapLanguageModel({
        model: of.model({ ...how, apiKey: "key", baseURL: `${url}/v1` }),
        middleware: withoutRetries,
      });
      // As it would be without the adapter, the timer is one of the AI SDK's own.
      return { model, prompt: "When does the tide turn?", ...(bare && { timeout: timeoutMs }) };
    },
    async create(client, { maxTokens = 100, signal, ...call }) {
      const { text, usage } = await generateText({
        ...client,
        maxOutputTokens: maxTokens,
        abortSignal: signal,
        headers: headersOf(call),
      });
      return { text, outputTokens: usage.outputTokens };
    },
    async *stream(client, { maxTokens = 100, signal, ...call }) {
      const { stream } = streamText({
        ...client,
        maxOutputTokens: maxTokens,
        abortSignal: signal,
        headers: headersOf(call),
        onError() {},
      });
      for await (const part of stream) {
        if (part.type === "error") throw part.error;
        if (part.type === "text-delta") yield part.text;
      }
    },
    isTimeout: (error) => error.name === "TimeoutError",
    isAbort: (error) => error.name === "AbortError",
    isOverload: (error) => APICallError.isInstance(error) && [503, 529].includes(error.statusCode) && error.data.error !== undefined,
  });
}
