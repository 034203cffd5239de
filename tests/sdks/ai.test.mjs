// Vercel's AI SDK through its adapter, with two of its providers.
import assert from "node:assert/strict";
import { mock, test } from "node:test";
import { createAnthropic } from "@ai-sdk/anthropic";
import { createOpenAI } from "@ai-sdk/openai";
import { APICallError, generateText, streamText, wrapLanguageModel } from "ai";
import { createLimiter } from "tidegate";
import { forAI, withoutRetries } from "tidegate/ai";
import { upstream, VirtualClock } from "../glue/support.mjs";
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

for (const [what, wrapped, options, sent] of [
  ["tries again beside the limiter, so that attempts multiply", false, {}, 6],
  ["leaves it to the limiter with withoutRetries", true, {}, 2],
  ["leaves it to the limiter with maxRetries: 0", false, { maxRetries: 0 }, 2],
]) {
  for (const [failure, answer] of Object.entries({
    "a server under load": () => Response.json({ type: "error", error: { type: "overloaded_error", message: "busy" } }, { status: 529 }),
    "a broken connection": () => Promise.reject(new TypeError("fetch failed", { cause: new Error("reset") })),
  })) {
    test(`AI SDK: of ${failure}, it ${what}`, async () => {
      const fetch = upstream(answer);
      const clock = new VirtualClock();
      const limiter = createLimiter({ fetch, clock, seed: 1, retry: { attempts: 2, budget: false } });
      const model = createAnthropic({ ...forAI(limiter), apiKey: "key", baseURL: "https://api.example.test/v1" })("claude-sonnet-5");
      const asked = wrapped ? wrapLanguageModel({ model, middleware: withoutRetries }) : model;
      // Its own delays are of seconds.
      mock.timers.enable({ apis: ["setTimeout"] });
      const call = generateText({ model: asked, prompt: "When does the tide turn?", ...options });
      let isOver = false;
      const ended = assert.rejects(call, (error) => APICallError.isInstance(error.lastError ?? error));
      void ended.finally(() => (isOver = true));
      for (let second = 0; second < 600 && !isOver; second++) {
        await clock.advance(1_000);
        mock.timers.tick(1_000);
      }
      mock.timers.reset();
      await ended;
      assert.equal(fetch.calls.length, sent);
    });
  }
}
