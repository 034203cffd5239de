// The time in which the answer to an attempt has to begin: attemptTimeoutMs.
import assert from "node:assert/strict";
import { test } from "node:test";
import { createLimiter } from "tidegate";
import { deaf, silent } from "./abort-support.mjs";
import { deferred, MESSAGES, messagesAnswer, messagesCall, scriptedBody, settled, stateOf, upstream, VirtualClock } from "./support.mjs";

const PATIENCE_MS = 1_000;
const REQUESTS_A_DAY = 100;

/** A limiter with an upstream that answers so, and time that stands still. */
function waiting(...answers) {
  const clock = new VirtualClock();
  const fetch = upstream(...answers.map((answer) => (input, init) => answer(init?.signal ?? input.signal)));
  const limiter = createLimiter({
    fetch,
    clock,
    seed: 1,
    limits: { default: { concurrency: 1, rpd: REQUESTS_A_DAY } },
    retry: { attempts: 3 },
  });
  return { clock, fetch, limiter, patient: limiter.with({ attemptTimeoutMs: PATIENCE_MS }) };
}

const isTimeout = (error) => {
  assert.ok(error instanceof DOMException);
  assert.equal(error.name, "TimeoutError");
  assert.match(error.message, /within 1000 ms/);
  return true;
};

function assertNothingIsLeft({ clock, limiter }) {
  const [{ inFlight }] = limiter.snapshot().scopes;
  assert.deepEqual([limiter.snapshot().waiting, inFlight, clock.armed], [0, 0, 0]);
}

test("an attempt whose answer does not begin in time is given up at that instant, and tried again", async () => {
  const world = waiting(silent, () => messagesAnswer());
  const { clock, fetch, patient } = world;
  const call = patient.fetch(...messagesCall());
  await clock.advance(PATIENCE_MS - 1);
  const [[, { signal }]] = fetch.calls;
  assert.equal(signal.aborted, false);
  await clock.advance(1);
  assert.equal(signal.aborted, true);
  isTimeout(signal.reason);
  assert.equal(await stateOf(call), "pending");
  await clock.advance(60_000);
  assert.equal(await (await call).json().then(({ type }) => type), "message");
  assert.equal(fetch.calls.length, 2);
  assert.notEqual(fetch.calls[1][1].signal, signal);
  assertNothingIsLeft(world);
});

test("the last attempt rejects with the TimeoutError, and what the server may have seen of each is charged", async () => {
  const world = waiting(silent);
  const call = world.patient.fetch(...messagesCall());
  call.catch(() => {});
  await world.clock.advance(600_000);
  await assert.rejects(call, isTimeout);
  assert.equal(world.fetch.calls.length, 3);
  for (const [, { signal }] of world.fetch.calls) isTimeout(signal.reason);
  assertNothingIsLeft(world);
  const { available } = world.limiter.snapshot().scopes[0].limits.find(({ dimension }) => dimension === "requests");
  // In the time that has passed, less than one has come back.
  assert.ok(REQUESTS_A_DAY - available > 2 && REQUESTS_A_DAY - available <= 3, String(available));
});

test("what may not be sent twice is given up once", async () => {
  const world = waiting(silent);
  const body = new ReadableStream({ pull: (controller) => controller.close() });
  const call = world.patient.fetch(...messagesCall({ body, duplex: "half" }));
  call.catch(() => {});
  await world.clock.advance(PATIENCE_MS);
  await assert.rejects(call, isTimeout);
  assert.equal(world.fetch.calls.length, 1);
  assertNothingIsLeft(world);
});

test("time in the queue does not count, however long, nor time between attempts", async () => {
  const world = waiting(() => new Response("busy", { status: 503, headers: { "retry-after": "3600" } }), () => messagesAnswer());
  const { clock, fetch, limiter, patient } = world;
  const permit = await limiter.acquire();
  const call = patient.fetch(...messagesCall());
  await clock.advance(20 * PATIENCE_MS);
  assert.equal(fetch.calls.length, 0);
  permit.release();
  await settled();
  assert.equal(fetch.calls.length, 1);
  await clock.advance(2 * 3_600_000);
  assert.equal((await call).status, 200);
  assert.equal(fetch.calls.length, 2);
});

test("a body that has begun takes as long as it takes, and no timer runs", async () => {
  const { stream } = scriptedBody([new TextEncoder().encode("data: {}\n\n")], { end: false });
  const world = waiting(() => new Response(stream, { headers: { "content-type": "text/event-stream" } }));
  const response = await world.patient.fetch(...messagesCall());
  assert.equal(world.clock.armed, 0);
  const reader = response.body.getReader();
  await reader.read();
  const rest = reader.read();
  await world.clock.advance(100 * PATIENCE_MS);
  assert.equal(await stateOf(rest), "pending");
  assert.equal(world.fetch.calls[0][1].signal.aborted, false);
  reader.cancel();
  await settled();
  assertNothingIsLeft(world);
});

test("an upstream that does not listen is not waited for, and what it answers later is let go", async () => {
  const late = {};
  const { stream, log } = scriptedBody([], { end: false });
  const world = waiting((signal) => deaf(signal, late).then(() => new Response(stream)), () => messagesAnswer());
  const call = world.patient.fetch(...messagesCall());
  await world.clock.advance(60_000);
  assert.equal((await call).status, 200);
  await (await call).text();
  late.bodies = [];
  late.late();
  await settled();
  assert.notEqual(log.cancelled, undefined);
  assertNothingIsLeft(world);
});

test("a call that is given up just as it is sent, to an upstream that does not listen, leaves no timer", async () => {
  const controller = new AbortController();
  const world = waiting(() => (controller.abort(new Error("mine")), new Promise(() => {})));
  await assert.rejects(world.patient.fetch(...messagesCall({ signal: controller.signal })), /mine/);
  assertNothingIsLeft(world);
});

test("an answer at the last moment counts, and a failure stays what it is", async () => {
  const answer = deferred();
  const world = waiting(() => answer.promise);
  const call = world.patient.fetch(...messagesCall());
  await world.clock.advance(PATIENCE_MS - 1);
  answer.resolve(messagesAnswer());
  await (await call).text();
  assertNothingIsLeft(world);

  const failure = new TypeError("fetch failed");
  const failing = waiting(() => Promise.reject(failure));
  const failed = failing.patient.fetch(...messagesCall());
  failed.catch(() => {});
  await failing.clock.advance(600_000);
  await assert.rejects(failed, (error) => error === failure);
  assertNothingIsLeft(failing);
});

test("it is said by view, run, header and fetch of a Request, the nearest first, and is not sent", async () => {
  for (const [say, afterMs] of [
    [({ patient }) => patient.fetch(...messagesCall()), 1_000],
    [({ limiter }) => limiter.run({ attemptTimeoutMs: 2_000 }, () => limiter.fetch(...messagesCall())), 2_000],
    [({ limiter, patient }) => limiter.run({ attemptTimeoutMs: 2_000 }, () => patient.fetch(...messagesCall())), 1_000],
    [({ patient }) => patient.fetch(...messagesCall({ headers: { "x-tidegate-attempt-timeout-ms": "500" } })), 500],
    [({ patient }) => patient.fetch(new Request(...messagesCall({ headers: { "X-Tidegate-Attempt-Timeout-Ms": "3000" } }))), 3_000],
    [({ patient }) => patient.with({ attemptTimeoutMs: Infinity }).fetch(...messagesCall()), Infinity],
  ]) {
    const world = waiting(silent);
    say(world).catch(() => {});
    await settled();
    const [[input, init]] = world.fetch.calls;
    const { signal } = init ?? input;
    await world.clock.advance(Math.min(afterMs, 10_000) - 1);
    assert.ok(!signal?.aborted, `${afterMs}: too early`);
    await world.clock.advance(1);
    assert.equal(signal?.aborted ?? false, afterMs !== Infinity, `${afterMs}: too late`);
    assert.deepEqual([...new Headers(init?.headers ?? input.headers).keys()].filter((name) => /tidegate/.test(name)), []);
  }
});

test("a Request is sent again whole, its method, headers and body with it", async () => {
  const seen = [];
  const clock = new VirtualClock();
  const fetch = upstream(
    (input, init) => silent(init.signal),
    async (input, init) => {
      const sent = new Request(input, init);
      seen.push([sent.method, sent.headers.get("content-type"), await sent.text()]);
      return messagesAnswer();
    },
  );
  const limiter = createLimiter({ fetch, clock, seed: 1 }).with({ attemptTimeoutMs: PATIENCE_MS });
  const [url, init] = messagesCall();
  const call = limiter.fetch(new Request(url, init));
  await clock.advance(60_000);
  assert.equal((await call).status, 200);
  assert.deepEqual(seen, [["POST", "application/json", init.body]]);
});

test("calls that would wait differently long for the same answer do not share one", async () => {
  const world = waiting(() => messagesAnswer());
  const shared = (attemptTimeoutMs) => world.limiter.with({ dedupe: true, attemptTimeoutMs }).fetch(...messagesCall());
  const permit = await world.limiter.acquire();
  const calls = [shared(500), shared(500), shared(700), shared(Infinity)];
  await settled();
  permit.release();
  const read = Promise.all(calls.map(async (call) => (await call).text()));
  await world.clock.advance(60_000);
  await read;
  assert.equal(world.fetch.calls.length, 3);
});

test("a wrong time is named with its value and the fix, unsent", async () => {
  const fetch = upstream(() => messagesAnswer());
  const limiter = createLimiter({ fetch });
  for (const attemptTimeoutMs of [0, -1, Number.NaN, "5", null, 2 ** 31]) {
    assert.throws(
      () => limiter.with({ attemptTimeoutMs }),
      { code: "invalid-option", option: "hints.attemptTimeoutMs", value: attemptTimeoutMs, fix: /2147483647, or Infinity/ },
    );
  }
  for (const value of ["", "0", "soon", "-5"]) {
    const headers = { "x-tidegate-attempt-timeout-ms": value };
    await assert.rejects(limiter.fetch(MESSAGES, { headers }), { option: "x-tidegate.attemptTimeoutMs" });
  }
  limiter.with({ attemptTimeoutMs: 2 ** 31 - 1 });
  limiter.with({ attemptTimeoutMs: 0.5 });
  assert.equal(fetch.calls.length, 0);
});
