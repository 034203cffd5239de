import assert from "node:assert/strict";
import { getEventListeners } from "node:events";
import { test } from "node:test";
import { createLimiter } from "tidegate";
import {
  deferred, messagesAnswer, messagesCall, oneAtATime, scriptedBody, settled, stateOf, upstream, VirtualClock,
} from "./support.mjs";

const listeners = (signal) => getEventListeners(signal, "abort").length;

test("a signal that has aborted already rejects with its reason, and nothing is sent", async () => {
  const fetch = upstream(() => messagesAnswer());
  const limiter = createLimiter({ fetch });
  const reason = new Error("not wanted");
  const signal = AbortSignal.abort(reason);
  await assert.rejects(limiter.fetch(...messagesCall({ signal })), (error) => error === reason);
  await assert.rejects(limiter.with({ signal }).fetch(...messagesCall()), (error) => error === reason);
  await assert.rejects(limiter.acquire(1, { signal }), (error) => error === reason);
  assert.equal(fetch.calls.length, 0);
});

test("an abort while queued rejects at once with its reason, and the place is free", async () => {
  const fetch = upstream(() => messagesAnswer());
  const limiter = oneAtATime({ fetch });
  const permit = await limiter.acquire();
  const controller = new AbortController();
  const first = limiter.fetch(...messagesCall({ signal: controller.signal }));
  const second = limiter.fetch(...messagesCall());
  assert.equal(await stateOf(first), "pending");
  const reason = new Error("changed my mind");
  controller.abort(reason);
  await assert.rejects(first, (error) => error === reason);
  assert.equal(fetch.calls.length, 0);
  permit.release();
  await (await second).text();
  assert.equal(fetch.calls.length, 1);
  assert.equal(listeners(controller.signal), 0);
});

test("an abort while acquire waits rejects at once with its reason, and the place is free", async () => {
  const limiter = oneAtATime();
  const permit = await limiter.acquire();
  const controller = new AbortController();
  const first = limiter.acquire(1, { signal: controller.signal });
  const second = limiter.acquire();
  assert.equal(await stateOf(first), "pending");
  controller.abort("enough");
  await assert.rejects(first, (reason) => reason === "enough");
  permit.release();
  (await second).release();
  assert.equal(listeners(controller.signal), 0);
});

test("a call that waited and started is no longer given up by its signal", async () => {
  const limiter = oneAtATime();
  const permit = await limiter.acquire();
  const controller = new AbortController();
  const waiting = limiter.acquire(1, { signal: controller.signal });
  permit.release();
  const started = await waiting;
  assert.equal(listeners(controller.signal), 0);
  controller.abort();
  assert.equal(limiter.tryAcquire(), undefined, "the started call keeps its place");
  started.release();
});

for (const aborting of [0, 1, 2]) {
  test(`signals of views within views all count (number ${aborting + 1} of 3)`, async () => {
    const limiter = oneAtATime();
    const permit = await limiter.acquire();
    const controllers = [new AbortController(), new AbortController(), new AbortController()];
    const [outer, inner, own] = controllers.map(({ signal }) => signal);
    const call = limiter.with({ signal: outer }).with({ signal: inner }).acquire(1, { signal: own });
    assert.equal(await stateOf(call), "pending");
    controllers[aborting].abort("enough");
    await assert.rejects(call, (reason) => reason === "enough");
    permit.release();
  });
}

test("an abort during the backoff sends nothing more and leaves no timer", async () => {
  const clock = new VirtualClock();
  const fetch = upstream(() => new Response("no", { status: 500 }));
  const limiter = createLimiter({ fetch, clock, seed: 1 });
  const controller = new AbortController();
  const call = limiter.fetch(...messagesCall({ signal: controller.signal }));
  call.catch(() => {});
  await settled();
  assert.equal(fetch.calls.length, 1);
  assert.ok(clock.armed > 0, "a backoff is waited for");
  controller.abort("enough");
  await assert.rejects(call, (reason) => reason === "enough");
  assert.equal(clock.armed, 0);
  await clock.advance(600_000);
  assert.equal(fetch.calls.length, 1);
});

test("an abort while being sent rejects at once though the upstream ignores it, and its late answer is dropped", async () => {
  const late = deferred();
  const { stream, log } = scriptedBody([new Uint8Array(1)]);
  const fetch = upstream(() => late.promise, () => messagesAnswer());
  const limiter = oneAtATime({ fetch });
  const controller = new AbortController();
  const call = limiter.fetch(...messagesCall({ signal: controller.signal }));
  await settled();
  assert.equal(fetch.calls.length, 1);
  controller.abort("enough");
  await assert.rejects(call, (reason) => reason === "enough");
  await (await limiter.fetch(...messagesCall())).text();
  late.resolve(new Response(stream));
  await settled();
  assert.notEqual(log.cancelled, undefined);
});

test("the upstream sees the very signal of the call, and one that aborts with it when a view adds another", async () => {
  const fetch = upstream(() => messagesAnswer(), () => new Promise(() => {}));
  const limiter = createLimiter({ fetch });
  const own = new AbortController();
  const view = new AbortController();
  await (await limiter.fetch(...messagesCall({ signal: own.signal }))).text();
  assert.equal(fetch.calls[0][1].signal, own.signal);
  for (const aborting of [view, own]) {
    const call = limiter.with({ signal: view.signal }).fetch(...messagesCall({ signal: own.signal }));
    if (aborting === view) await settled();
    if (aborting === own) {
      await assert.rejects(call, "the view's signal stays aborted");
      continue;
    }
    const { signal } = fetch.calls[1][1];
    assert.equal(signal.aborted, false);
    aborting.abort("enough");
    await assert.rejects(call, (reason) => reason === "enough");
    assert.equal(signal.reason, "enough");
  }
  assert.equal(listeners(own.signal), 0);
  assert.equal(listeners(view.signal), 0);
});

for (const from of ["call", "view"]) {
  test(`an abort while streaming fails the reader with its reason and stops the server's stream (signal of the ${from})`, async () => {
    const { stream, log } = scriptedBody([new TextEncoder().encode("event: ping\n\n")], { end: false });
    const headers = { "content-type": "text/event-stream" };
    const fetch = upstream(() => new Response(stream, { headers }), () => messagesAnswer());
    const limiter = oneAtATime({ fetch });
    const controller = new AbortController();
    const { signal } = controller;
    const response = from === "call"
      ? await limiter.fetch(...messagesCall({ signal }))
      : await limiter.with({ signal }).fetch(...messagesCall());
    const reader = response.body.getReader();
    await reader.read();
    const read = reader.read();
    const next = limiter.fetch(...messagesCall());
    assert.equal(await stateOf(next), "pending", "the stream still holds its place");
    controller.abort("enough");
    await assert.rejects(read, (reason) => reason === "enough");
    await assert.rejects(reader.read(), (reason) => reason === "enough");
    assert.equal(log.cancelled.reason, "enough");
    await (await next).text();
    assert.equal(listeners(signal), 0);
  });
}

test("an abort by a view's signal reaches a stream that the limiter itself has no interest in", async () => {
  const { stream, log } = scriptedBody([new Uint8Array(3)], { end: false });
  const limiter = createLimiter({ fetch: upstream(() => new Response(stream)) });
  const controller = new AbortController();
  const response = await limiter.with({ signal: controller.signal }).fetch("https://files.example.test/large");
  const reader = response.body.getReader();
  await reader.read();
  controller.abort("enough");
  await assert.rejects(reader.read(), (reason) => reason === "enough");
  assert.equal(log.cancelled.reason, "enough");
  assert.equal(listeners(controller.signal), 0);
});

test("an abort after the end changes nothing", async () => {
  const limiter = createLimiter({ fetch: upstream(() => messagesAnswer()) });
  const controller = new AbortController();
  const response = await limiter.fetch(...messagesCall({ signal: controller.signal }));
  const text = await response.text();
  const permit = await limiter.acquire(1, { signal: controller.signal });
  controller.abort();
  assert.match(text, /claude-test-1/);
  permit.release();
});

test("a signal that serves 10,000 calls keeps no listener", async () => {
  const limiter = createLimiter({ fetch: upstream(() => messagesAnswer(), () => new Response(null, { status: 204 })) });
  const { signal } = new AbortController();
  for (let call = 0; call < 10_000; call++) {
    const response = await limiter.fetch("https://api.example.test/things", { signal });
    if (call % 100 === 0) await response.text();
  }
  assert.equal(listeners(signal), 0);
});

test("10,000 waiting calls put one listener on their signal, and all end with it", async () => {
  const limiter = oneAtATime();
  const permit = await limiter.acquire();
  const controller = new AbortController();
  const calls = Array.from({ length: 10_000 }, () => limiter.acquire(1, { signal: controller.signal }));
  assert.equal(listeners(controller.signal), 1);
  controller.abort("all of you");
  const results = await Promise.allSettled(calls);
  assert.ok(results.every(({ reason }) => reason === "all of you"));
  assert.equal(listeners(controller.signal), 0);
  permit.release();
  limiter.tryAcquire().release();
});

test("an unanswered call that is refused leaves no listener", async () => {
  const { signal } = new AbortController();
  const limiter = createLimiter({ fetch: upstream(() => Promise.reject(new TypeError("no route"))), retry: false });
  await assert.rejects(limiter.fetch(...messagesCall({ signal })), /no route/);
  limiter.close();
  await assert.rejects(limiter.fetch(...messagesCall({ signal })), { code: "closed" });
  assert.equal(listeners(signal), 0);
});
