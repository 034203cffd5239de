import assert from "node:assert/strict";
import { test } from "node:test";
import Anthropic from "@anthropic-ai/sdk";
import { startSimulator } from "tidegate/simulator/node";

const body = { model: "claude-sonnet-5", max_tokens: 200, messages: [{ role: "user", content: "When does the tide turn?" }] };
const timing = { firstTokenMs: 20, tokensPerSecond: 2_000, refusalMs: 1 };

async function withSimulator(options, use) {
  const simulator = await startSimulator({ timing, ...options });
  try {
    const client = new Anthropic({ apiKey: "key", baseURL: simulator.url, maxRetries: 0 });
    await use({ simulator, client, counts: () => simulator.stats().organisations[0].groups[0].counts });
  } finally {
    await simulator.close();
  }
}

test("the real SDK is served over real sockets", () =>
  withSimulator({}, async ({ client, counts }) => {
    const message = await client.messages.create(body);
    assert.ok(message.usage.output_tokens >= 1 && message.usage.output_tokens <= 200);
    const streamed = await client.messages.stream(body, { headers: { "x-simulate-output-tokens": "123" } }).finalMessage();
    assert.equal(streamed.usage.output_tokens, 123);
    const { response } = await client.messages.create(body).withResponse();
    assert.equal(response.headers.get("anthropic-ratelimit-requests-limit"), "1000");
    assert.ok(Math.abs(Date.parse(response.headers.get("date")) - Date.now()) < 5_000);
    assert.deepEqual([counts().served, counts().inFlight], [3, 0]);
  }));

test("many requests share their connections and all are answered", () =>
  withSimulator({}, async ({ client, counts }) => {
    await Promise.all(Array.from({ length: 200 }, () => client.messages.create(body)));
    assert.equal(counts().served, 200);
  }));

test("a limit refuses with headers that the SDK hands on", () =>
  withSimulator({ limits: { default: { rpm: 1 } } }, async ({ client, counts }) => {
    await client.messages.create(body);
    await assert.rejects(client.messages.create(body), (error) => error.status === 429 && error.headers.get("retry-after") === "60");
    assert.equal(counts().refused, 1);
  }));

test("dropped and cut connections fail at the client", async () => {
  await withSimulator({ faults: { drop: 1 } }, async ({ client, counts }) => {
    await assert.rejects(client.messages.create(body), Anthropic.APIConnectionError);
    assert.equal(counts().lost, 1);
  });
  await withSimulator({ faults: { cut: 1 } }, ({ client }) => assert.rejects(client.messages.stream(body).finalMessage()));
});

test("a client that aborts stops the production", () =>
  withSimulator({ timing: { firstTokenMs: 10, tokensPerSecond: 10 } }, async ({ client, counts }) => {
    const stream = client.messages.stream(body);
    stream.once("text", () => stream.abort());
    await assert.rejects(stream.finalMessage(), Anthropic.APIUserAbortError);
    while (counts().inFlight > 0) await new Promise((resolve) => setTimeout(resolve, 5));
    assert.equal(counts().aborted, 1);
  }));

test("closing drops what hangs, and can be done twice", async () => {
  const simulator = await startSimulator({ faults: { hang: 1 } });
  const client = new Anthropic({ apiKey: "key", baseURL: simulator.url, maxRetries: 0 });
  const hanging = client.messages.create(body);
  while (simulator.stats().organisations.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
  await Promise.all([simulator.close(), simulator.close(), assert.rejects(hanging, Anthropic.APIConnectionError)]);
  await assert.rejects(fetch(simulator.url));
});

test("a port that is taken is said to be", () =>
  withSimulator({}, ({ simulator }) => assert.rejects(startSimulator({ port: simulator.port }), /EADDRINUSE/)));
