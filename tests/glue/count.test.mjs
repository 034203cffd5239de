// Large requests are counted by their provider first: the question, its limits and its failures, in virtual time.
import assert from "node:assert/strict";
import { getEventListeners } from "node:events";
import { test } from "node:test";
import { createLimiter } from "tidegate";
import { deferred, MESSAGES, messagesAnswer, messagesCall, scriptedBody, settled, spied, stateOf, VirtualClock } from "./support.mjs";

const COUNTER = `${MESSAGES}/count_tokens`;
const LARGE = JSON.stringify({
  model: "claude-test-1",
  max_tokens: 16,
  messages: [{ role: "user", content: "The tide turns twice a day, and so does the traffic. ".repeat(200) }],
});
const counted = (input_tokens) => Response.json({ input_tokens });

/** A limiter that counts from 1,000 tokens on; the counter answers with `count`, the API with `answer`. */
function counting({ count, answer = () => messagesAnswer(), options = {} }) {
  const clock = new VirtualClock();
  const asked = [];
  const sent = [];
  const order = [];
  const fetch = async (input, init) => {
    const url = String(input.url ?? input);
    const isQuestion = url.includes("count_tokens");
    order.push(isQuestion ? "question" : "call");
    (isQuestion ? asked : sent).push([url, init]);
    return isQuestion ? count(url, init) : answer(url, init);
  };
  const limiter = createLimiter({
    clock, fetch, seed: 1, limits: { default: { rpm: 1000, itpm: 1_000_000, otpm: 1_000_000 } }, countTokens: { aboveTokens: 1_000 }, ...options,
  });
  return { clock, limiter, asked, sent, order };
}

const large = (init = {}) => messagesCall({ body: LARGE, ...init });

/** What is missing of the input tokens while a call is in flight. */
function reserved(limiter, amount = 1_000_000) {
  const scope = limiter.snapshot().scopes.find(({ name }) => name === "default");
  return amount - scope.limits.find(({ dimension }) => dimension === "input_tokens").available;
}

/** Nothing waits, flies or is armed any more. */
async function assertNothingIsLeft({ limiter, clock }, signal) {
  await settled();
  for (const scope of limiter.snapshot().scopes) assert.deepEqual([scope.name, scope.inFlight, scope.waiting], [scope.name, 0, 0]);
  assert.equal(clock.armed, 0);
  if (signal !== undefined) assert.equal(getEventListeners(signal, "abort").length, 0);
}

test("the question goes first, as the call does, and the call reserves what was counted", async () => {
  const answer = deferred();
  const world = counting({ count: () => counted(2_345), answer: () => answer.promise });
  const headers = { "x-api-key": "key", "idempotency-key": "once", accept: "text/event-stream", "content-length": "9", "x-tidegate-priority": "high" };
  const call = world.limiter.fetch(...large({ headers, dispatcher: "kept" }));
  await settled();
  assert.deepEqual(world.order, ["question", "call"]);
  const [[url, init]] = world.asked;
  assert.equal(url, COUNTER);
  assert.equal(init.method, "POST");
  assert.equal(init.dispatcher, "kept");
  assert.deepEqual({ ...init.headers }, { "content-type": "application/json", "anthropic-version": "2023-06-01", "x-api-key": "key" });
  const { max_tokens: _left, ...prompt } = JSON.parse(LARGE);
  assert.deepEqual(JSON.parse(init.body), prompt);
  assert.equal(world.sent[0][1].body, LARGE);
  assert.equal(reserved(world.limiter), 2_353);
  answer.resolve(messagesAnswer());
  await (await call).text();
  await assertNothingIsLeft(world);
});

test("whoever watches where the call stands hears nothing of the question", async () => {
  const world = counting({ count: () => counted(2_345) });
  const heard = [];
  world.limiter.pause();
  const call = world.limiter.with({ onWait: ({ position }) => heard.push(position) }).fetch(...large());
  await settled();
  assert.equal(world.limiter.snapshot().waiting, 1, "the question");
  assert.deepEqual(heard, []);
  await world.clock.advance(2_500);
  assert.deepEqual(heard, [0]);
  world.limiter.resume();
  await (await call).text();
  await assertNothingIsLeft(world);
});

test("nothing is asked about small calls, about streams, without the option, or twice", async () => {
  let attempts = 0;
  const world = counting({
    count: () => counted(2_345),
    answer: () => (++attempts === 1 ? new Response(null, { status: 529 }) : messagesAnswer()),
  });
  const retried = world.limiter.fetch(...large());
  await world.clock.advance(60_000);
  await (await retried).text();
  assert.deepEqual(world.order, ["question", "call", "call"]);
  await (await world.limiter.fetch(...messagesCall())).text();
  await (await world.limiter.fetch(...large({ body: scriptedBody([new TextEncoder().encode(LARGE)]).stream, duplex: "half" }))).text();
  assert.equal(world.asked.length, 1);
  const off = counting({ count: () => counted(1), options: { countTokens: false } });
  await (await off.limiter.fetch(...large())).text();
  assert.deepEqual(off.order, ["call"]);
  await assertNothingIsLeft(world);
});

test("a Request, a Uint8Array and headers of every form are asked about alike", async () => {
  const world = counting({ count: () => counted(2_345) });
  const [url, init] = large({ headers: { "x-api-key": "key" } });
  const bytes = new TextEncoder().encode(LARGE);
  await (await world.limiter.fetch(new Request(url, { ...init, credentials: "include" }))).text();
  assert.equal(world.asked[0][1].credentials, "include");
  await (await world.limiter.fetch(url, { ...init, body: bytes })).text();
  await (await world.limiter.fetch(url, { ...init, headers: new Headers(init.headers) })).text();
  await (await world.limiter.fetch(new URL(url), { ...init, headers: Object.entries(init.headers) })).text();
  assert.equal(world.asked.length, 4);
  for (const [to, { method, headers, body }] of world.asked) {
    assert.deepEqual([to, method, JSON.parse(body).messages.length], [COUNTER, "POST", 1]);
    assert.equal(new Headers(headers).get("x-api-key"), "key");
    assert.equal(new Headers(headers).get("anthropic-version"), "2023-06-01");
  }
  await assertNothingIsLeft(world);
});

test("a stream that was counted passes byte for byte", async () => {
  const events = ['event: message_start\ndata: {"type":"message_start","message":{"usage":{"input_tokens":2345,"output_tokens":1}}}\n\n', "event: message_stop\ndata: {}\n\n"];
  const body = () => scriptedBody(events.map((event) => new TextEncoder().encode(event))).stream;
  const headers = { "content-type": "text/event-stream" };
  const world = counting({ count: () => counted(2_345), answer: () => new Response(body(), { headers }) });
  assert.equal(await (await world.limiter.fetch(...large())).text(), events.join(""));
  assert.deepEqual(world.order, ["question", "call"]);
  await assertNothingIsLeft(world);
});

const estimated = await (async () => {
  const world = counting({ count: () => counted(1), answer: () => new Promise(() => {}), options: { countTokens: false } });
  world.limiter.fetch(...large()).catch(() => {});
  await settled();
  return reserved(world.limiter);
})();

const endless = () => new ReadableStream({ pull: (controller) => controller.enqueue(new Uint8Array(65_536).fill(32)) });
const failures = {
  "an error of the network": () => Promise.reject(new TypeError("fetch failed")),
  "a 404": () => Response.json({ type: "error" }, { status: 404 }),
  "a 500": () => new Response("oops", { status: 500 }),
  "a 200 of something else": () => new Response("<html></html>"),
  "a negative count": () => counted(-5),
  "an absurd count": () => counted(4_000_000_000),
  "a count in words": () => Response.json({ input_tokens: "many" }),
  "no body": () => new Response(null, { status: 204 }),
  "a body without end": () => new Response(endless()),
  "a body that breaks": () => new Response(new ReadableStream({ pull: (controller) => controller.error(new Error("cut")) })),
  "a thing that is no Response": () => ({}),
  "a throw": () => {
    throw new Error("not today");
  },
};

for (const [what, count] of Object.entries(failures)) {
  test(`after ${what} the estimate serves, and the next call does not ask`, async () => {
    const answer = deferred();
    const world = counting({ count, answer: () => answer.promise });
    const first = world.limiter.fetch(...large());
    await settled();
    await settled();
    assert.equal(world.sent.length, 1);
    assert.equal(reserved(world.limiter), estimated);
    answer.resolve(messagesAnswer());
    await (await first).text().catch(() => {});
    assert.equal((await first).status, 200);
    const second = await stateOf(world.limiter.fetch(...large()));
    assert.equal(second, "fulfilled");
    assert.equal(world.asked.length, 1);
    await settled();
    assert.deepEqual(world.limiter.snapshot().scopes.filter(({ name, inFlight }) => name.startsWith("count") && inFlight > 0), []);
  });
}

test("an answer that does not come is waited for no longer than said, and given up", async () => {
  let given;
  const hung = (_url, { signal }) => {
    given = signal;
    return new Promise(() => {});
  };
  const world = counting({ count: hung, options: { countTokens: { aboveTokens: 1_000, maxWaitMs: 700 } } });
  const call = world.limiter.fetch(...large());
  await world.clock.advance(699);
  assert.equal(world.sent.length, 0);
  await world.clock.advance(1);
  assert.equal(world.sent.length, 1);
  assert.equal(given.aborted, true);
  await (await call).text();
  await assertNothingIsLeft(world);
  await (await world.limiter.fetch(...large())).text();
  assert.equal(world.asked.length, 1, "a server that hangs is not asked again at once");
  await world.clock.advance(30_000);
  world.limiter.fetch(...large()).catch(() => {});
  await settled();
  assert.equal(world.asked.length, 2, "half a minute later it is");
});

test("of an answer that is longer than any count is, the rest is not read", async () => {
  const long = scriptedBody(Array.from({ length: 100 }, () => new Uint8Array(65_536).fill(32)));
  const world = counting({ count: () => new Response(long.stream) });
  await (await world.limiter.fetch(...large())).text();
  assert.ok(long.log.pulled <= 2, `${long.log.pulled} pieces`);
  assert.notEqual(long.log.cancelled, undefined);
  await assertNothingIsLeft(world);
});

test("an answer whose body stalls is waited for no longer than said", async () => {
  const stalled = scriptedBody([new TextEncoder().encode('{"input_')], { end: false });
  const world = counting({ count: () => new Response(stalled.stream), options: { countTokens: { aboveTokens: 1_000, maxWaitMs: 300 } } });
  const call = world.limiter.fetch(...large());
  await world.clock.advance(299);
  assert.equal(world.sent.length, 0);
  await world.clock.advance(1);
  await (await call).text();
  assert.notEqual(stalled.log.cancelled, undefined);
  await assertNothingIsLeft(world);
});

test("the counter's own limits hold, and who would wait for them too long goes by the estimate", async () => {
  // It allows two questions a minute, and says so.
  const headers = () => ({
    "anthropic-ratelimit-requests-limit": "2",
    "anthropic-ratelimit-requests-remaining": String(Math.max(2 - world.asked.length, 0)),
    "anthropic-ratelimit-requests-reset": new Date(world.clock.wallNow() + 30_000).toISOString(),
  });
  const world = counting({ count: () => Response.json({ input_tokens: 2_345 }, { headers: headers() }) });
  for (let call = 0; call < 2; call++) {
    const answer = world.limiter.fetch(...large());
    // The second of a burst of two goes a little after the first.
    await world.clock.advance(1_700);
    await (await answer).text();
  }
  const scope = world.limiter.snapshot().scopes.find(({ name }) => name.startsWith("count_tokens at"));
  assert.equal(scope.limits[0].dimension, "requests");
  // That there is no room for the question in time is known at once.
  await (await world.limiter.fetch(...large())).text();
  assert.deepEqual([world.asked.length, world.sent.length], [2, 3], "the question was never sent");
  await world.clock.advance(30_000);
  const fourth = world.limiter.fetch(...large());
  await world.clock.advance(1_900);
  await (await fourth).text();
  assert.equal(world.asked.length, 3, "and that says nothing against the counter");
  await assertNothingIsLeft(world);
});

test("a counter that refuses for a minute is not waited for", async () => {
  const refused = () => Response.json({}, { status: 429, headers: { "retry-after": "60" } });
  const world = counting({ count: refused });
  await (await world.limiter.fetch(...large())).text();
  await (await world.limiter.fetch(...large())).text();
  assert.deepEqual(world.order, ["question", "call", "call"]);
  assert.equal(world.clock.time, 0);
  await assertNothingIsLeft(world);
});

test("an abort while the question is under way rejects at once, and nothing else is sent", async () => {
  let given;
  const hung = (_url, { signal }) => {
    given = signal;
    return new Promise(() => {});
  };
  const world = counting({ count: hung });
  const controller = new AbortController();
  const view = world.limiter.with({ signal: controller.signal });
  for (const fetch of [view.fetch, (url, init) => world.limiter.fetch(url, { ...init, signal: controller.signal })]) {
    const call = fetch(...large());
    assert.equal(await stateOf(call), "pending");
    if (given.aborted) continue;
  }
  const reason = new Error("changed my mind");
  controller.abort(reason);
  await settled();
  assert.equal(given.aborted, true);
  assert.equal(given.reason, reason);
  assert.equal(world.sent.length, 0);
  await assertNothingIsLeft(world, controller.signal);
  world.limiter.fetch(...large()).catch(() => {});
  await settled();
  assert.equal(world.asked.length, 3, "what the caller gave up says nothing against the counter");
});

test("an abort while the question waits for its turn rejects at once and frees its place", async () => {
  const first = deferred();
  const world = counting({ count: () => first.promise });
  // Two are under way at first, as the counter has said nothing; the third waits.
  const calls = Array.from({ length: 2 }, () => world.limiter.fetch(...large()));
  const controller = new AbortController();
  const third = world.limiter.fetch(...large({ signal: controller.signal }));
  await settled();
  assert.equal(world.asked.length, 2);
  controller.abort("enough");
  await assert.rejects(third, (reason) => reason === "enough");
  first.resolve(counted(2_345));
  world.clock.advance(2_000);
  await settled();
  assert.equal(world.asked.length, 2);
  await Promise.all(calls.map(async (call) => (await call).text().catch(() => {})));
  await world.clock.advance(2_000);
  await assertNothingIsLeft(world, controller.signal);
});

test("a deadline holds from the call's begin, whatever the question takes of it", async () => {
  const world = counting({ count: () => new Promise(() => {}), options: { limits: { default: { concurrency: 1 } } } });
  const permit = await world.limiter.acquire();
  const call = world.limiter.with({ deadlineMs: 1_000 }).fetch(...large());
  const late = assert.rejects(call, { code: "deadline-exceeded", waitedMs: 1_000 });
  await world.clock.advance(500);
  assert.equal(world.clock.armed, 1, "half of the time went by with asking");
  await world.clock.advance(500);
  await late;
  permit.release();
  await assertNothingIsLeft(world);
});

test("closing while the question is under way is told as closing", async () => {
  const world = counting({ count: () => new Promise(() => {}) });
  const call = world.limiter.fetch(...large());
  const closed = assert.rejects(call, { code: "closed" });
  await settled();
  world.limiter.close();
  await world.clock.advance(2_000);
  await closed;
  assert.equal(world.sent.length, 0);
  await assertNothingIsLeft(world);
});

test("the core is told no credential with the question", async () => {
  const world = counting({ count: () => counted(2_345) });
  const submitted = await spied("submitRequest", async () => {
    await (await world.limiter.fetch(...large({ headers: { "x-api-key": "secret", authorization: "Bearer secret" } }))).text();
  });
  assert.deepEqual(submitted.map((args) => args[2]), [MESSAGES, COUNTER, MESSAGES]);
  for (const args of submitted) assert.doesNotMatch(args[3], /secret/);
});

test("a wrong countTokens is named with its value and the fix", () => {
  for (const [countTokens, option] of [
    ["large", "countTokens"],
    [20_000, "countTokens"],
    [{ aboveTokens: -1 }, "countTokens.aboveTokens"],
    [{ maxWaitMs: 0 }, "countTokens.maxWaitMs"],
    [{ above: 1 }, "countTokens.above"],
  ]) {
    assert.throws(() => createLimiter({ countTokens }), { code: "invalid-option", option });
  }
});
