import assert from "node:assert/strict";
import { test } from "node:test";
import v8 from "node:v8";
import vm from "node:vm";
import { createLimiter } from "tidegate";
import {
  messagesAnswer, messagesCall, oneAtATime, scriptedBody, settled, spied, stateOf, upstream,
} from "./support.mjs";

const encoder = new TextEncoder();
const SSE = { headers: { "content-type": "text/event-stream" } };

const EVENTS = [
  'event: message_start\ndata: {"type":"message_start","message":{"usage":{"input_tokens":8,"output_tokens":1}}}\n\n',
  'event: content_block_delta\ndata: {"type":"content_block_delta","delta":{"text":"h',
  'é…"}}\n\n',
  'event: message_delta\ndata: {"type":"message_delta","usage":{"output_tokens":4}}\n\n',
  'event: message_stop\ndata: {"type":"message_stop"}\n\n',
].map((text) => encoder.encode(text));

test("a stream reaches the caller chunk by chunk, unchanged, each as soon as it is there", async () => {
  const { stream } = scriptedBody(EVENTS.map((chunk) => chunk.slice()));
  const limiter = createLimiter({ fetch: upstream(() => new Response(stream, SSE)) });
  const response = await limiter.fetch(...messagesCall());
  const chunks = [];
  for await (const chunk of response.body) chunks.push(chunk);
  assert.deepEqual(chunks, EVENTS);
});

test("nothing is read from the server before the caller reads", async () => {
  const { stream, log } = scriptedBody(EVENTS.map((chunk) => chunk.slice()));
  const limiter = createLimiter({ fetch: upstream(() => new Response(stream, SSE)) });
  const response = await limiter.fetch(...messagesCall());
  await settled();
  assert.equal(log.pulled, 0);
  const reader = response.body.getReader();
  await reader.read();
  await settled();
  assert.equal(log.pulled, 1);
});

test("a chunk does not wait for the next one", async () => {
  const { stream } = scriptedBody(EVENTS.slice(0, 1), { end: false });
  const limiter = createLimiter({ fetch: upstream(() => new Response(stream, SSE)) });
  const reader = (await limiter.fetch(...messagesCall())).body.getReader();
  const { value } = await reader.read();
  assert.deepEqual(value, EVENTS[0]);
  assert.equal(await stateOf(reader.read()), "pending");
});

test("a large body arrives byte for byte, as text, through a clone and through readers of every kind", async () => {
  const bytes = new Uint8Array(300_000).map((_, index) => (index * 31) % 251);
  const answer = () => new Response(bytes.slice(), { headers: { "content-type": "application/json" } });
  const limiter = createLimiter({ fetch: upstream(answer) });
  const get = () => limiter.fetch(...messagesCall());
  assert.deepEqual(new Uint8Array(await (await get()).arrayBuffer()), bytes);
  const response = await get();
  const clone = response.clone();
  assert.deepEqual(new Uint8Array(await clone.arrayBuffer()), bytes);
  assert.deepEqual(new Uint8Array(await response.arrayBuffer()), bytes);
  assert.deepEqual(await bring(await get(), 1000), bytes);
  assert.deepEqual(await bring(await get(), 70_000), bytes);
});

/** Reads with the reader's own buffer. */
async function bring(response, size) {
  const reader = response.body.getReader({ mode: "byob" });
  const parts = [];
  for (;;) {
    const { done, value } = await reader.read(new Uint8Array(size));
    if (done) break;
    parts.push(Buffer.from(value));
  }
  return new Uint8Array(Buffer.concat(parts));
}

test("chunks that the upstream still holds are not taken away from it", async () => {
  const chunk = encoder.encode("{}");
  const limiter = createLimiter({ fetch: upstream(() => new Response(scriptedBody([chunk]).stream)) });
  for (let call = 0; call < 3; call++) {
    assert.equal(await (await limiter.fetch(...messagesCall())).text(), "{}");
  }
  assert.equal(chunk.byteLength, 2);
});

test("cancelling the body cancels the server's with the same reason and ends the call once", async () => {
  const { stream, log } = scriptedBody(EVENTS.map((chunk) => chunk.slice()), { end: false });
  const limiter = oneAtATime({ fetch: upstream(() => new Response(stream, SSE), () => messagesAnswer()) });
  const finished = await spied("finish", async () => {
    const response = await limiter.fetch(...messagesCall());
    const reader = response.body.getReader();
    await reader.read();
    await reader.cancel("seen enough");
    await reader.cancel("again");
    await settled();
  });
  assert.equal(log.cancelled.reason, "seen enough");
  assert.deepEqual(finished.map((args) => args[2]), [false]);
  await (await limiter.fetch(...messagesCall())).text();
});

test("a body that fails in the middle fails the reader with the same error and ends the call once", async () => {
  const failure = new Error("connection reset");
  let pulls = 0;
  const stream = new ReadableStream({
    pull(controller) {
      if (pulls++ === 0) controller.enqueue(EVENTS[0].slice());
      else controller.error(failure);
    },
  });
  const limiter = oneAtATime({ fetch: upstream(() => new Response(stream, SSE), () => messagesAnswer()) });
  const finished = await spied("finish", async () => {
    const response = await limiter.fetch(...messagesCall());
    await assert.rejects(response.text(), (error) => error === failure);
  });
  assert.deepEqual(finished.map((args) => args[2]), [false]);
  await (await limiter.fetch(...messagesCall())).text();
});

test("a body read to its end ends the call once, complete, with every byte told", async () => {
  const limiter = createLimiter({ fetch: upstream(() => messagesAnswer()) });
  let text;
  let chunks;
  const finished = await spied("finish", async () => {
    chunks = await spied("chunk", async () => {
      text = await (await limiter.fetch(...messagesCall())).text();
    });
  });
  assert.deepEqual(finished.map((args) => args[2]), [true]);
  assert.equal(Buffer.concat(chunks.map(([, , bytes]) => bytes)).toString(), text);
});

test("url, redirected, type, status and headers are the server's, also on a clone", async () => {
  const origin = messagesAnswer({ status: 201, statusText: "Made", headers: { "x-own": "1" } });
  Object.defineProperties(origin, {
    url: { value: "https://elsewhere.test/v1" }, redirected: { value: true }, type: { value: "cors" },
  });
  const limiter = createLimiter({ fetch: upstream(() => origin) });
  const response = await limiter.fetch(...messagesCall());
  for (const seen of [response, response.clone(), response.clone().clone()]) {
    assert.ok(seen instanceof Response);
    assert.equal(seen.url, "https://elsewhere.test/v1");
    assert.equal(seen.redirected, true);
    assert.equal(seen.type, "cors");
    assert.equal(seen.status, 201);
    assert.equal(seen.statusText, "Made");
    assert.equal(seen.headers.get("x-own"), "1");
    assert.equal((await seen.clone().json()).model, "claude-test-1");
  }
});

test("a body that fails because of the caller's signal ends the call once", async () => {
  const controller = new AbortController();
  const { signal } = controller;
  const obedient = (_url, init) =>
    new Response(new ReadableStream({ start: (stream) => init.signal.addEventListener("abort", () => stream.error(init.signal.reason)) }), SSE);
  const limiter = createLimiter({ fetch: upstream(obedient) });
  const finished = await spied("finish", async () => {
    const response = await limiter.fetch(...messagesCall({ signal }));
    const read = response.text();
    await settled();
    controller.abort(new Error("enough"));
    await assert.rejects(read, /enough/);
    await settled();
  });
  assert.deepEqual(finished.map((args) => args[2]), [false]);
});

test("an answer without a body ends the call", async () => {
  const limiter = oneAtATime({ fetch: upstream(() => new Response(null, { status: 204 })) });
  for (let call = 0; call < 3; call++) {
    const response = await limiter.fetch(...messagesCall());
    assert.equal(response.body, null);
  }
});

test("the body of a foreign fetch, which is no web stream, is delivered as it is", async () => {
  const foreign = { status: 200, headers: new Headers(), body: { pipe() {} }, json: async () => ({ ok: true }) };
  const limiter = oneAtATime({ fetch: upstream(() => foreign) });
  for (let call = 0; call < 2; call++) {
    assert.equal(await limiter.fetch(...messagesCall()), foreign);
  }
});

for (const signal of [undefined, new AbortController().signal]) {
  test(`a body that is dropped unread gives its place back${signal ? ", though its signal lives on" : ""}`, async () => {
    v8.setFlagsFromString("--expose-gc");
    const collect = vm.runInNewContext("gc");
    const stalled = () => new Response(scriptedBody(EVENTS.map((chunk) => chunk.slice()), { end: false }).stream, SSE);
    const limiter = oneAtATime({ fetch: upstream(stalled, () => messagesAnswer()) });
    await (async () => {
      await limiter.fetch(...messagesCall({ signal }));
    })();
    const next = limiter.fetch(...messagesCall());
    let state = "pending";
    for (let turn = 0; turn < 50 && state === "pending"; turn++) {
      collect();
      state = await stateOf(next);
    }
    assert.equal(state, "fulfilled");
  });
}
