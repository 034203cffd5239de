import assert from "node:assert/strict";
import { getEventListeners } from "node:events";
import { test } from "node:test";
import v8 from "node:v8";
import vm from "node:vm";
import { createLimiter } from "tidegate";
import { deferred, MESSAGES, messagesAnswer, messagesCall, oneAtATime, scriptedBody, settled, stateOf, upstream, VirtualClock } from "./support.mjs";

const listeners = (signal) => getEventListeners(signal, "abort").length;
const bytes = (text) => new TextEncoder().encode(text);

/** A limiter whose `fetch` shares answers. */
function sharing(fetch, options = {}) {
  const limiter = createLimiter({ fetch, retry: false, ...options });
  return { limiter, view: limiter.with({ dedupe: true }) };
}

/** An answer as the runtime's own fetch makes them: of a URL, after a redirect, with a body in pieces. */
function streamed(chunks, options) {
  const { stream, log } = scriptedBody(chunks.map(bytes), options);
  const response = new Response(stream, { status: 201, statusText: "Made", headers: { "x-kind": "text", "request-id": "r1" } });
  Object.defineProperties(response, {
    url: { value: "https://api.example.test/after" },
    redirected: { value: true },
    type: { value: "basic" },
  });
  return { response, log };
}

test("the same request in flight is sent once, and each caller has an answer of its own", async () => {
  const { response } = streamed(["one ", "two"]);
  const fetch = upstream(async () => response);
  const { view } = sharing(fetch);
  const answers = await Promise.all([view.fetch(...messagesCall()), view.fetch(...messagesCall()), view.fetch(...messagesCall())]);
  assert.equal(fetch.calls.length, 1);
  assert.equal(new Set(answers).size, 3);
  for (const answer of answers) {
    const { status, statusText, url, redirected, type } = answer;
    assert.deepEqual([status, statusText, url, redirected, type], [201, "Made", "https://api.example.test/after", true, "basic"]);
    assert.deepEqual([answer.headers.get("x-kind"), answer.headers.get("request-id")], ["text", "r1"]);
  }
  answers[0].headers.set("x-kind", "mine");
  assert.equal(answers[1].headers.get("x-kind"), "text");
  assert.equal(await answers[1].clone().text(), "one two");
  assert.deepEqual(await Promise.all(answers.map((answer) => answer.text())), ["one two", "one two", "one two"]);
});

test("what one caller does to its bytes no other sees, also of a byte stream", async () => {
  const body = new ReadableStream({
    type: "bytes",
    start(controller) {
      controller.enqueue(bytes("good"));
      controller.close();
    },
  });
  const { view } = sharing(async () => new Response(body));
  const [first, second] = await Promise.all([view.fetch(MESSAGES), view.fetch(MESSAGES)]);
  const { value } = await first.body.getReader({ mode: "byob" }).read(new Uint8Array(16));
  value.fill(0);
  structuredClone(value, { transfer: [value.buffer] });
  assert.equal(await second.text(), "good");
});

test("requests that differ in anything that is sent are not shared", async () => {
  const fetch = upstream(async () => messagesAnswer());
  const { limiter, view } = sharing(fetch);
  const [, init] = messagesCall();
  const base = () => ({ ...init, body: String(init.body) });
  const different = [
    [MESSAGES, base()],
    [`${MESSAGES}?beta=true`, base()],
    [MESSAGES, { ...base(), method: "PUT" }],
    [MESSAGES, { ...base(), headers: { ...init.headers, "x-api-key": "one" } }],
    [MESSAGES, { ...base(), headers: { ...init.headers, "x-api-key": "two" } }],
    [MESSAGES, { ...base(), body: `${init.body} ` }],
    [MESSAGES, { ...base(), body: bytes(`${init.body}  `) }],
    [MESSAGES, { ...base(), body: null, method: "DELETE" }],
    [MESSAGES, { ...base(), redirect: "manual" }],
    [MESSAGES, { ...base(), dispatcher: {} }],
    [MESSAGES, { ...base(), dispatcher: {} }],
    [MESSAGES, { ...init, headers: {}, body: "a=1" }],
    [MESSAGES, { ...init, headers: {}, body: new URLSearchParams("a=1") }],
    [new Request(MESSAGES, { ...base(), redirect: "error" }), undefined],
  ];
  const all = different.map((args) => view.fetch(...args));
  const other = limiter.fetch(MESSAGES, base());
  const elsewhere = sharing(fetch).view.fetch(MESSAGES, base());
  for (const response of await Promise.all([...all, other, elsewhere])) await response.text();
  assert.equal(fetch.calls.length, different.length + 2, "nor with a view that does not share, nor with another limiter");
});

test("the same text is shared whichever hints its headers hold, and in whatever form it is given", async () => {
  const fetch = upstream(async () => messagesAnswer());
  const { view } = sharing(fetch);
  const [url, init] = messagesCall();
  const dispatcher = {};
  const pairs = [
    [[url, init], [new URL(url), { ...init, headers: new Headers({ ...init.headers, "x-tidegate-priority": "normal" }) }]],
    [[url, { ...init, body: bytes("same") }], [url, { ...init, body: bytes("same").buffer }]],
    [[new Request(url, init)], [new Request(url, init)]],
    [[url, { ...init, dispatcher }], [url, { dispatcher, ...init }]],
    [["https://api.example.test/list"], ["https://api.example.test/list", { method: "GET" }]],
  ];
  for (const [index, [one, two]] of pairs.entries()) {
    const answers = await Promise.all([view.fetch(...one), view.fetch(...two)]);
    for (const answer of answers) await answer.text();
    assert.equal(fetch.calls.length, index + 1, `pair ${index}`);
  }
});

test("a Request whose answer was shared counts as used, as after any fetch", async () => {
  const { view } = sharing(async () => messagesAnswer());
  const [url, init] = messagesCall();
  const requests = [new Request(url, init), new Request(url, init)];
  for (const answer of await Promise.all(requests.map((request) => view.fetch(request)))) await answer.text();
  await settled();
  assert.deepEqual(requests.map(({ bodyUsed }) => bodyUsed), [true, true]);
});

test("bodies that cannot be read are never shared", async () => {
  const fetch = upstream(async () => messagesAnswer());
  const { view } = sharing(fetch);
  const bodies = [
    () => ({ body: new FormData() }),
    () => ({ body: new Blob(["a"]) }),
    () => ({ body: new Blob(["a"]).stream(), duplex: "half" }),
  ];
  for (const make of bodies) {
    const answers = await Promise.all([1, 2].map(() => view.fetch(MESSAGES, { method: "POST", ...make() })));
    for (const answer of answers) await answer.text();
  }
  assert.equal(fetch.calls.length, 6);
});

test("bytes that change after the call was made are compared as they were", async () => {
  const answer = deferred();
  const fetch = upstream(() => answer.promise, async () => messagesAnswer());
  const { view } = sharing(fetch);
  const body = bytes("first");
  const one = view.fetch(MESSAGES, { method: "POST", body });
  await settled();
  body.set(bytes("other"));
  const two = view.fetch(MESSAGES, { method: "POST", body: bytes("other") });
  await settled();
  answer.resolve(messagesAnswer());
  await Promise.all([one, two]);
  assert.equal(fetch.calls.length, 2);
});

test("each chunk reaches whoever reads as it comes, and who does not read holds nobody up", async () => {
  const { response, log } = streamed(["a", "b", "c"]);
  const { view } = sharing(async () => response);
  const [fast, slow] = await Promise.all([view.fetch(MESSAGES), view.fetch(MESSAGES)]);
  await settled();
  assert.equal(log.pulled, 0, "nothing is read that nobody asked for");
  const reader = fast.body.getReader();
  assert.deepEqual((await reader.read()).value, bytes("a"));
  assert.equal(log.pulled, 1);
  assert.deepEqual((await reader.read()).value, bytes("b"));
  assert.deepEqual((await reader.read()).value, bytes("c"));
  assert.equal((await reader.read()).done, true);
  assert.equal(await slow.text(), "abc");
});

test("a body that is cut is cut for everybody, after what came", async () => {
  const broken = new Error("connection lost");
  let pulls = 0;
  const body = new ReadableStream({
    pull(controller) {
      if (pulls++ === 0) controller.enqueue(bytes("begun"));
      else controller.error(broken);
    },
  }, { highWaterMark: 0 });
  const { view } = sharing(async () => new Response(body));
  const answers = await Promise.all([view.fetch(MESSAGES), view.fetch(MESSAGES)]);
  for (const answer of answers) {
    const reader = answer.body.getReader();
    assert.deepEqual((await reader.read()).value, bytes("begun"));
    await assert.rejects(reader.read(), (error) => error === broken);
  }
});

for (const leader of [0, 1]) {
  test(`who gives up while the call waits only takes itself away (caller ${leader + 1} of 2)`, async () => {
    const fetch = upstream(async () => messagesAnswer());
    const { view, limiter } = sharing(fetch, { limits: { default: { concurrency: 1 } } });
    const held = await limiter.acquire();
    const controllers = [new AbortController(), new AbortController()];
    const calls = controllers.map(({ signal }) => view.fetch(...messagesCall({ signal })));
    await settled();
    assert.equal(limiter.snapshot().waiting, 1);
    const reason = new Error("changed my mind");
    controllers[leader].abort(reason);
    await assert.rejects(calls[leader], (error) => error === reason);
    assert.equal(limiter.snapshot().waiting, 1);
    held.release();
    assert.equal((await (await calls[1 - leader]).json()).type, "message");
    assert.equal(fetch.calls.length, 1);
    for (const { signal } of controllers) assert.equal(listeners(signal), 0);
  });
}

test("when all have gone the call is given up wherever it is: queued, being sent, streaming", async () => {
  const sent = [];
  const { response, log } = streamed(["a", "b"], { end: false });
  const fetch = (_url, { signal }) => {
    sent.push(signal);
    if (sent.length === 2) return Promise.resolve(response);
    return new Promise((_resolve, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
  };
  const { view, limiter } = sharing(fetch, { limits: { default: { concurrency: 1 } } });
  const begin = () => {
    const controllers = [new AbortController(), new AbortController()];
    return { controllers, calls: controllers.map(({ signal }) => view.fetch(...messagesCall({ signal }))) };
  };
  const leave = async ({ controllers, calls }) => {
    for (const controller of controllers) controller.abort("gone");
    for (const call of calls) await assert.rejects(call, (reason) => reason === "gone");
    await settled();
    const { waiting, scopes } = limiter.snapshot();
    assert.deepEqual([waiting, scopes[0].inFlight], [0, 0]);
    for (const { signal } of controllers) assert.equal(listeners(signal), 0);
  };

  const held = await limiter.acquire();
  const queued = begin();
  await settled();
  assert.equal(limiter.snapshot().waiting, 1);
  for (const controller of queued.controllers) controller.abort("gone");
  for (const call of queued.calls) await assert.rejects(call, (reason) => reason === "gone");
  assert.deepEqual([sent.length, limiter.snapshot().waiting], [0, 0]);
  held.release();

  const sending = begin();
  await settled();
  assert.equal(sent.length, 1);
  await leave(sending);
  assert.equal(sent[0].aborted, true);

  const streaming = begin();
  const answers = await Promise.all(streaming.calls);
  const reader = answers[0].body.getReader();
  await reader.read();
  streaming.controllers[0].abort("gone");
  await assert.rejects(reader.read(), (reason) => reason === "gone");
  assert.equal(log.cancelled, undefined);
  const other = answers[1].body.getReader();
  assert.deepEqual([(await other.read()).value, (await other.read()).value], [bytes("a"), bytes("b")]);
  streaming.controllers[1].abort("gone");
  await settled();
  assert.notEqual(log.cancelled, undefined);
  assert.equal(limiter.snapshot().scopes[0].inFlight, 0);
  for (const { signal } of streaming.controllers) assert.equal(listeners(signal), 0);
});

test("cancelling one body leaves the other, and cancelling all cancels the server's", async () => {
  const { response, log } = streamed(["a", "b", "c"], { end: false });
  const { view } = sharing(async () => response);
  const [one, two] = await Promise.all([view.fetch(MESSAGES), view.fetch(MESSAGES)]);
  await one.body.cancel("enough");
  assert.equal(log.cancelled, undefined);
  const reader = two.body.getReader();
  await reader.read();
  await reader.cancel("enough");
  assert.deepEqual(log.cancelled, { reason: "enough" });
});

test("nobody else listens, and a caller alone has the same", async () => {
  const { response, log } = streamed(["a"], { end: false });
  const { view } = sharing(async () => response);
  const controller = new AbortController();
  const answer = await view.fetch(MESSAGES, { signal: controller.signal });
  const reader = answer.body.getReader();
  await reader.read();
  controller.abort("gone");
  await assert.rejects(reader.read(), (reason) => reason === "gone");
  await settled();
  assert.notEqual(log.cancelled, undefined);
  assert.equal(listeners(controller.signal), 0);
});

test("a failure is everybody's, and the next call is sent anew", async () => {
  const failure = new TypeError("fetch failed");
  const fetch = upstream(() => Promise.reject(failure), async () => messagesAnswer());
  const { view } = sharing(fetch);
  const { signal } = new AbortController();
  const calls = [view.fetch(...messagesCall({ signal })), view.fetch(...messagesCall())];
  for (const result of await Promise.allSettled(calls)) assert.equal(result.reason, failure);
  assert.equal(listeners(signal), 0);
  await (await view.fetch(...messagesCall())).text();
  assert.equal(fetch.calls.length, 2);
});

test("close refuses everybody who waits", async () => {
  const { view, limiter } = sharing(async () => messagesAnswer(), { limits: { default: { concurrency: 1 } } });
  const held = await limiter.acquire();
  const calls = [view.fetch(...messagesCall()), view.fetch(...messagesCall())];
  await settled();
  limiter.close();
  for (const result of await Promise.allSettled(calls)) assert.equal(result.reason.code, "closed");
  held.release();
});

test("an answer that has begun is not joined any more", async () => {
  const fetch = upstream(async () => streamed(["a"], { end: false }).response, async () => messagesAnswer());
  const { view } = sharing(fetch);
  await view.fetch(...messagesCall());
  await (await view.fetch(...messagesCall())).text();
  assert.equal(fetch.calls.length, 2);
});

test("answers without a body are shared too", async () => {
  const fetch = upstream(async () => new Response(null, { status: 204 }));
  const { view } = sharing(fetch);
  const { signal } = new AbortController();
  const answers = await Promise.all([view.fetch(MESSAGES, { signal }), view.fetch(MESSAGES), view.fetch(MESSAGES)]);
  assert.deepEqual(answers.map(({ status, body }) => [status, body]), [[204, null], [204, null], [204, null]]);
  assert.equal(new Set(answers).size, 3);
  assert.equal(fetch.calls.length, 1);
  assert.equal(listeners(signal), 0);
});

test("a more urgent caller takes the waiting call to its own priority", async () => {
  const order = [];
  const fetch = upstream(async (url) => {
    order.push(url);
    return messagesAnswer();
  });
  const limiter = createLimiter({ fetch, limits: { default: { concurrency: 1 } }, seed: 1 });
  const held = await limiter.acquire();
  const at = (priority) => limiter.with({ priority, dedupe: true });
  const low = at("low").fetch("https://a.test/shared");
  const normal = at("normal").fetch("https://a.test/normal");
  const high = at("high").fetch("https://a.test/shared");
  const again = at("low").fetch("https://a.test/shared");
  await settled();
  assert.equal(limiter.snapshot().waiting, 2);
  held.release();
  for (const call of [low, normal, high, again]) await (await call).text();
  assert.deepEqual(order, ["https://a.test/shared", "https://a.test/normal"]);
});

test("the deadline of a call that was taken to another priority stays where it was", async () => {
  const clock = new VirtualClock();
  const limiter = oneAtATime({ fetch: async () => messagesAnswer(), clock, seed: 1 });
  await limiter.acquire();
  const at = (priority) => limiter.with({ priority, dedupe: true, deadlineMs: 1000 });
  const low = at("low").fetch(MESSAGES);
  low.catch(() => {});
  await clock.advance(600);
  const high = at("high").fetch(MESSAGES);
  high.catch(() => {});
  await clock.advance(300);
  assert.equal(await stateOf(low), "pending");
  await clock.advance(110);
  await assert.rejects(low, { code: "deadline-exceeded" });
  await assert.rejects(high, { code: "deadline-exceeded" });
});

test("of calls that wait, only those with the same deadline share; of one that is sent, all", async () => {
  const answer = deferred();
  const fetch = upstream(() => answer.promise);
  const limiter = createLimiter({ fetch, limits: { default: { concurrency: 1 } } });
  const held = await limiter.acquire();
  const at = (deadlineMs) => limiter.with({ dedupe: true, deadlineMs }).fetch(MESSAGES);
  const calls = [at(60_000), at(60_000), at(30_000)];
  await settled();
  assert.equal(limiter.snapshot().waiting, 2);
  held.release();
  await settled();
  calls.push(at(0));
  await settled();
  assert.equal(limiter.snapshot().waiting, 1);
  answer.resolve(messagesAnswer());
  for (const call of calls) await (await call).text().catch(() => {});
  assert.equal(fetch.calls.length, 2);
});

test("dedupe is a hint like others: a view can switch it off, and a wrong one is named", async () => {
  const fetch = upstream(async () => messagesAnswer());
  const { view } = sharing(fetch);
  const alone = view.with({ dedupe: false });
  for (const answer of await Promise.all([alone.fetch(MESSAGES), alone.fetch(MESSAGES)])) await answer.text();
  assert.equal(fetch.calls.length, 2);
  assert.throws(() => view.with({ dedupe: "yes" }), { code: "invalid-option", option: "hints.dedupe" });
});

test("items of a map that share an answer all have their turn with it", async () => {
  const answer = deferred();
  const fetch = upstream(() => answer.promise);
  const limiter = createLimiter({ fetch });
  let begun = 0;
  const all = limiter.map([1, 2, 3, 4, 5, 6], async (_item, _index, { limiter: view }) => {
    begun += 1;
    return (await (await view.fetch(MESSAGES)).json()).type;
  }, { dedupe: true, ahead: 2 });
  await settled();
  assert.equal(begun, 6);
  answer.resolve(messagesAnswer());
  assert.deepEqual(new Set(await all), new Set(["message"]));
  assert.equal(fetch.calls.length, 1);
});

test("bodies that nobody holds any more are let go, and their call ends", async () => {
  v8.setFlagsFromString("--expose-gc");
  const gc = vm.runInNewContext("gc");
  const { view, limiter } = sharing(async () => messagesAnswer());
  const inFlight = () => limiter.snapshot().scopes.some((scope) => scope.inFlight > 0);
  await Promise.all([view.fetch(...messagesCall()), view.fetch(...messagesCall())]);
  assert.equal(inFlight(), true);
  for (let round = 0; round < 50 && inFlight(); round++) {
    gc();
    await settled();
  }
  assert.equal(inFlight(), false);
});
