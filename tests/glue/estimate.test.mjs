import assert from "node:assert/strict";
import { test } from "node:test";
import { createLimiter, estimateTokens, OptionError } from "tidegate";

const TEXT = "The tide comes in twice a day, and the gate opens when the water outside allows.";
const MODEL = "claude-sonnet-4-5";
const body = (more) => ({ model: MODEL, max_tokens: 64, messages: [{ role: "user", content: TEXT }], ...more });

test("a text is counted as its model would, and without a model as most would", () => {
  assert.equal(estimateTokens(TEXT, { model: MODEL }), 19);
  assert.equal(estimateTokens(TEXT), 18);
  assert.equal(estimateTokens("", { model: MODEL }), 0);
  const chinese = "潮水每天来两次，外面的水允许时闸门就打开。";
  assert.ok(estimateTokens(chinese, { model: "gemini-3-pro" }) < estimateTokens(chinese, { model: MODEL }));
  // Half a surrogate pair is no character, and no reason to stop.
  assert.ok(estimateTokens("\ud83d and then \ude00", { model: MODEL }) > 2);
});

test("a body is counted alike as an object, as JSON in bytes, and in a buffer", () => {
  const bytes = new TextEncoder().encode(JSON.stringify(body()));
  const expected = estimateTokens(body());
  const text = estimateTokens(TEXT, { model: MODEL });
  assert.ok(expected >= text && expected < text + 20, `${expected}`);
  assert.equal(estimateTokens(bytes), expected);
  assert.equal(estimateTokens(bytes.buffer), expected);
  assert.equal(estimateTokens(new Uint8Array([0, ...bytes]).subarray(1)), expected);
});

test("a body says whose tokens they are, wherever it says so, unless the caller does", () => {
  const { model, ...rest } = body();
  const old = { ...rest, model: "claude-3-opus" };
  const young = { ...rest, model: "claude-opus-5" };
  assert.ok(estimateTokens(young) > estimateTokens(old));
  assert.equal(estimateTokens(old, { model: "claude-opus-5" }), estimateTokens(young));
  assert.equal(estimateTokens({ model, ...rest }), estimateTokens({ ...rest, model }));
});

test("whatever bytes come, they have a number", () => {
  for (const bytes of [[], [0], [0x7b], [0xff, 0xfe, 0x7b], [0x7b, 0x22, 0xf0, 0x9f]]) {
    assert.ok(estimateTokens(new Uint8Array(bytes)) >= 0, `${bytes}`);
  }
});

test("what is neither a text nor a body is refused by name", () => {
  const circle = { messages: [] };
  circle.self = circle;
  const wrong = [null, undefined, 7, true, Symbol("s"), () => {}, circle, { count: 1n }, new Float64Array(2), new DataView(new ArrayBuffer(2)), new Map(), new Date(0), new Request("http://h"), new ReadableStream()];
  for (const value of wrong) {
    assert.throws(() => estimateTokens(value), (error) => error instanceof OptionError && error.option === "textOrBody", String(value));
  }
  assert.throws(() => estimateTokens("x", { model: 5 }), (error) => error instanceof OptionError && error.option === "model");
  assert.throws(() => estimateTokens("x", null), OptionError);
  assert.throws(() => estimateTokens("x", "gpt-5"), OptionError);
});

test("exact tables serve limiters and estimates that were there before them", async () => {
  let left;
  const limiter = createLimiter({
    limits: { default: { itpm: 100_000 } },
    fetch: async () => {
      left = limiter.snapshot().scopes[0].limits[0].available;
      return new Response("no");
    },
  });
  // Letters without words: the two forms differ most on what nobody writes.
  const odd = "qzx wvk jqz ".repeat(500);
  const reserved = async () => {
    const content = JSON.stringify({ ...body(), messages: [{ role: "user", content: odd }] });
    const before = limiter.snapshot().scopes[0].limits[0].available;
    await limiter.fetch("http://h/v1/messages", { method: "POST", body: content });
    return before - left;
  };
  const small = estimateTokens(odd, { model: MODEL });
  const reservedSmall = await reserved();
  const { tables } = await import("tidegate/tokens");
  assert.deepEqual(tables.map(({ name }) => name), ["claude3", "claude47", "o200k", "gemma3"]);
  const exact = estimateTokens(odd, { model: MODEL });
  assert.ok(exact > 1.1 * small, `${small} and ${exact}`);
  assert.ok(await reserved() > 1.1 * reservedSmall);
  limiter.close();
});

test("without a request or an estimate, the tables are not even decoded", async () => {
  // Another instance of the modules, in which nothing was counted.
  const core = await import("../../pkg/glue/core.js?fresh");
  let decoded = 0;
  core.provideTokenTables(() => new Uint8Array([++decoded]));
  const added = [];
  core.provideCore({ addTokenTables: (tables) => added.push(...tables) });
  assert.deepEqual([decoded, added], [0, []]);
  core.loadedCore();
  core.loadedCore();
  assert.deepEqual([decoded, added], [1, [1]]);
  core.provideTokenTables(() => new Uint8Array([++decoded]));
  assert.equal(decoded, 1);
  core.loadedCore();
  assert.deepEqual(added, [1, 2]);
});
