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
    await use({ client, limiter, counts, group: () => simulator.stats().organisations[0].groups[0] });
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

test("a stream that is left in the middle stops the server, frees its place and keeps what was reserved", () =>
  through(
    async ({ client, limiter, counts, group }) => {
      const large = { ...body, max_completion_tokens: 3_000, stream: true };
      const stream = await client.chat.completions.create(large, { headers: { "x-simulate-output-tokens": "2500" } });
      for await (const chunk of stream) if (chunk.choices[0]?.delta?.content) break;
      while (counts().inFlight > 0) await new Promise((resolve) => setTimeout(resolve, 5));
      assert.equal(counts().aborted, 1);
      const [{ burst, available }] = limiter.snapshot().scopes.find(({ name }) => name === "gpt-*").limits;
      assert.equal(group().limits.find(({ dimension }) => dimension === "tokens").charged, 3_000);
      assert.equal(burst - available, 3_000);
    },
    {
      limiter: {
        fetch: withoutLimits,
        // Nothing comes back in the time that a test takes.
        limits: { "gpt-*": { limits: [{ dimension: "tokens", amount: 1, periodMs: 86_400_000, burst: 100_000 }] } },
      },
      server: { timing: { ...timing, tokensPerSecond: 400 } },
    },
  ));

test("a stream that fails in the middle frees its place", () =>
  through(
    async ({ client }) => {
      for (let call = 0; call < 2; call++) {
        const stream = await client.chat.completions.create({ ...body, stream: true });
        await assert.rejects(async () => {
          for await (const _ of stream);
        });
      }
    },
    { limiter: { limits: { default: { concurrency: 1 } } }, server: { faults: { cut: 1 } } },
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

/** A fetch whose answers do not say what is left. */
async function withoutLimits(...args) {
  const { body, status, headers } = await fetch(...args);
  return new Response(body, { status, headers: [...headers].filter(([name]) => !name.includes("ratelimit")) });
}
