// The SDK of OpenAI through its adapter.
import assert from "node:assert/strict";
import { test } from "node:test";
import OpenAI from "openai";
import { createLimiter } from "tidegate";
import { forOpenAI } from "tidegate/openai";
import { settled, upstream, VirtualClock } from "../glue/support.mjs";
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

test("OpenAI: a client of the same limiter with another timer is made by withOptions", async () => {
  const fetch = upstream((_url, { signal }) => new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason))));
  const limiter = createLimiter({ fetch, retry: { attempts: 2, baseMs: 1 } });
  const patient = new OpenAI({ ...forOpenAI(limiter), apiKey: "key", baseURL: "https://api.example.test/v1" });
  const hasty = patient.withOptions(forOpenAI(limiter, { timeoutMs: 20 }));
  await assert.rejects(hasty.chat.completions.create(body), OpenAI.APIConnectionTimeoutError);
  assert.equal(fetch.calls.length, 2);
});

test("OpenAI: without a word the adapter's timer is the SDK's", async () => {
  const clock = new VirtualClock();
  const limiter = createLimiter({ clock, retry: false, fetch: () => new Promise(() => {}) });
  const client = new OpenAI({ ...forOpenAI(limiter), apiKey: "key", baseURL: "https://api.example.test/v1" });
  const call = client.chat.completions.create(body);
  call.catch(() => {});
  await settled();
  assert.deepEqual(clock.delays, [OpenAI.DEFAULT_TIMEOUT]);
  await clock.advance(OpenAI.DEFAULT_TIMEOUT);
  await assert.rejects(call, OpenAI.APIConnectionTimeoutError);
});
