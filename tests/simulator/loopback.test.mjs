import assert from "node:assert/strict";
import { once } from "node:events";
import { connect } from "node:http2";
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

/** A message by HTTP/2, which no SDK for this API speaks. */
async function byHttp2(session, tokens) {
  const fields = { "x-api-key": "key", "anthropic-version": "2026-10-21", "x-simulate-output-tokens": String(tokens) };
  const stream = session.request({ ":method": "POST", ":path": "/v1/messages", ...fields });
  stream.end(JSON.stringify({ ...body, max_tokens: 1_000 }));
  const [headers] = await once(stream, "response");
  let text = "";
  for await (const chunk of stream.setEncoding("utf8")) text += chunk;
  return { status: headers[":status"], limit: headers["anthropic-ratelimit-requests-limit"], text };
}

test("the same port speaks HTTP/2 to whoever begins so, many calls at a time", () =>
  withSimulator({}, async ({ simulator, client, counts }) => {
    const session = connect(simulator.url);
    const answers = await Promise.all(Array.from({ length: 50 }, (_, index) => byHttp2(session, index + 1)));
    assert.deepEqual(answers.map(({ text }) => JSON.parse(text).usage.output_tokens), answers.map((_, index) => index + 1));
    assert.deepEqual([answers[0].status, answers[0].limit], [200, "1000"]);
    await client.messages.create(body);
    assert.equal(counts().served, 51);
    const closed = once(session, "close");
    await simulator.close();
    await closed;
  }));

test("what is lost of HTTP/2 is one answer, and whoever leaves stops its production", () =>
  withSimulator({ faults: { cut: 1 } }, async ({ simulator }) => {
    const session = connect(simulator.url);
    await assert.rejects(byHttp2(session, 100));
    assert.ok(!session.destroyed);
    session.destroy();
    const slow = await startSimulator({ timing: { firstTokenMs: 5_000, tokensPerSecond: 10 } });
    const other = connect(slow.url);
    byHttp2(other, 10).catch(() => {});
    while ((slow.stats().organisations[0]?.groups[0]?.counts.inFlight ?? 0) === 0) await new Promise(setImmediate);
    other.destroy();
    while (slow.stats().organisations[0].groups[0].counts.inFlight > 0) await new Promise(setImmediate);
    assert.equal(slow.stats().organisations[0].groups[0].counts.aborted, 1);
    await slow.close();
  }));
