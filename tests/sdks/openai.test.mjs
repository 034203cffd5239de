// The real SDK of OpenAI through the limiter, over real sockets.
import assert from "node:assert/strict";
import { test } from "node:test";
import OpenAI from "openai";
import { createLimiter } from "tidegate";
import { startSimulator } from "tidegate/simulator/node";

const body = { model: "gpt-5-mini", max_completion_tokens: 100, messages: [{ role: "user", content: "When does the tide turn?" }] };
const timing = { firstTokenMs: 10, tokensPerSecond: 4_000, refusalMs: 1 };

async function through(use, { server = {}, limiter: options = {} } = {}) {
  const simulator = await startSimulator({ timing, seed: 1, ...server });
  const limiter = createLimiter({ seed: 1, ...options });
  const client = new OpenAI({ apiKey: "key", baseURL: `${simulator.url}/v1`, maxRetries: 0, fetch: limiter.fetch });
  const counts = () => simulator.stats().organisations[0].groups[0].counts;
  try {
    await use({ client, limiter, counts });
    for (const { name, inFlight } of limiter.snapshot().scopes) assert.equal(inFlight, 0, name);
  } finally {
    await simulator.close();
  }
}

test("a completion comes back whole", () =>
  through(async ({ client, counts }) => {
    const answer = await client.chat.completions.create(body, { headers: { "x-simulate-output-tokens": "30" } });
    assert.equal(answer.usage.completion_tokens, 30);
    assert.equal(counts().served, 1);
  }));

test("a stream comes through chunk by chunk, with its usage", () =>
  through(async ({ client }) => {
    const stream = await client.chat.completions.create({ ...body, stream: true, stream_options: { include_usage: true } });
    let text = "";
    let usage;
    for await (const chunk of stream) {
      text += chunk.choices[0]?.delta?.content ?? "";
      usage = chunk.usage ?? usage;
    }
    assert.ok(text.length > 0);
    assert.ok(usage.completion_tokens > 0);
  }));

test("a call that the server refuses is sent again when it says so", () =>
  through(
    async ({ client, limiter, counts }) => {
      let retries = 0;
      limiter.on("retry", () => retries++);
      await Promise.all(Array.from({ length: 3 }, () => client.chat.completions.create(body)));
      assert.equal(counts().served, 3);
      assert.ok(retries <= 3, String(retries));
    },
    { server: { limits: { default: { rpm: 60, burstMs: 1_000, hideBurst: true } } } },
  ));

test("an abort while queued is the SDK's own abort", () =>
  through(
    async ({ client, limiter }) => {
      const permit = await limiter.acquire();
      const controller = new AbortController();
      const call = client.chat.completions.create(body, { signal: controller.signal });
      setImmediate(() => controller.abort());
      await assert.rejects(call, OpenAI.APIUserAbortError);
      permit.release();
    },
    { limiter: { limits: { default: { concurrency: 1 } } } },
  ));
