// Pause, resume, drain and close.
import assert from "node:assert/strict";
import { test } from "node:test";
import * as tidegate from "tidegate";
import { CoreLimiter, deferred, messagesAnswer, messagesCall, oneAtATime, settled, stateOf, upstream, VirtualClock } from "./support.mjs";

const { createLimiter, DrainingError, isTidegateError } = tidegate;
const failureOf = (promise) => promise.then(() => assert.fail("should have failed"), (error) => error);

test("while paused nothing starts and what is in flight goes on; resume lets everything start in its order", async () => {
  const answer = deferred();
  const limiter = createLimiter({ fetch: upstream(() => answer.promise, () => messagesAnswer()) });
  const inFlight = limiter.fetch(...messagesCall());
  await settled();
  limiter.pause();
  limiter.pause();
  assert.equal(limiter.snapshot().paused, true);
  const order = [];
  const waiting = [
    limiter.schedule(() => order.push("normal")),
    limiter.with({ priority: "high" }).schedule(() => order.push("high")),
  ];
  assert.equal(limiter.tryAcquire(), undefined);
  answer.resolve(messagesAnswer());
  assert.equal((await (await inFlight).json()).model, "claude-test-1");
  await settled();
  assert.deepEqual(order, []);
  const { waiting: count, scopes } = limiter.snapshot();
  assert.equal(count, 2);
  assert.deepEqual(scopes[0].priorities, [{ priority: 50, waiting: 1 }, { priority: 0, waiting: 1 }]);
  limiter.resume();
  await Promise.all(waiting);
  assert.deepEqual(order, ["high", "normal"]);
  limiter.resume();
  limiter.tryAcquire().release();
  assert.equal(limiter.snapshot().paused, false);
});

test("a paused limiter meets deadlines and frees the places of those who give up", async () => {
  const clock = new VirtualClock();
  const limiter = createLimiter({ clock, seed: 1 });
  limiter.pause();
  const late = failureOf(limiter.acquire(1, { deadlineMs: 500 }));
  const controller = new AbortController();
  const givenUp = failureOf(limiter.acquire(1, { signal: controller.signal }));
  controller.abort("enough");
  assert.equal(await givenUp, "enough");
  await clock.advance(600);
  assert.equal((await late).code, "deadline-exceeded");
  assert.equal(limiter.snapshot().waiting, 0);
  assert.equal(clock.armed, 0);
});

test("a paused limiter has no timer for calls that only resume can start", async () => {
  const clock = new VirtualClock();
  const limiter = createLimiter({ clock, seed: 1, limits: { default: { rpm: 1 } } });
  limiter.tryAcquire().release();
  const call = limiter.acquire();
  assert.equal(clock.armed, 1);
  limiter.pause();
  assert.equal(clock.armed, 0);
  await clock.advance(120_000);
  assert.equal(await stateOf(call), "pending");
  limiter.resume();
  (await call).release();
});

test("drain finishes what waits and what is in flight, retries too, accepts nothing, and resolves at the end", async () => {
  const clock = new VirtualClock();
  const body = deferred();
  const answers = [() => new Response("", { status: 429, headers: { "retry-after": "5" } }), () => body.promise];
  const limiter = oneAtATime({ clock, seed: 1, fetch: upstream(...answers) });
  const told = [];
  limiter.on("drained", (event) => told.push(event));
  const permit = limiter.tryAcquire();
  const waiting = limiter.acquire();
  const call = limiter.fetch(...messagesCall());
  await settled();
  const drained = limiter.drain();
  assert.equal(limiter.snapshot().draining, true);
  for (const late of [limiter.acquire(), limiter.fetch(...messagesCall()), limiter.schedule(() => {}), limiter.with({}).acquire()]) {
    const error = await failureOf(late);
    assert.ok(error instanceof DrainingError);
    assert.equal(error.name, "DrainingError");
    assert.ok(isTidegateError(error, "draining"));
    assert.doesNotMatch(error.message, /timed? ?out/i);
  }
  assert.throws(() => limiter.tryAcquire(), { code: "draining" });
  assert.throws(() => limiter.estimate(), { code: "draining" });
  permit.release();
  (await waiting).release();
  await clock.advance(10_000);
  body.resolve(messagesAnswer());
  const response = await call;
  assert.equal(await stateOf(drained), "pending", "a body is still being read");
  await response.text();
  assert.equal(await drained, undefined);
  assert.deepEqual(told, [{ type: "drained" }]);
  await limiter.drain();
  assert.deepEqual(told, [{ type: "drained" }]);
  assert.equal(clock.armed, 0);
});

for (const [what, end] of Object.entries({
  release: (permit) => permit.release(),
  settle: (permit) => permit.settle(1),
  "an abort of the last that waits": (permit, controller) => (permit.release(), controller.abort()),
})) {
  test(`drain ends with ${what}`, async () => {
    const limiter = oneAtATime();
    const permit = limiter.tryAcquire();
    const controller = new AbortController();
    const waiting = what.includes("abort") ? limiter.acquire(1, { signal: controller.signal }) : undefined;
    const started = waiting?.then((own) => own, () => {});
    const drained = Promise.all([limiter.drain(), limiter.drain()]);
    assert.equal(await stateOf(drained), "pending");
    if (what.includes("abort")) {
      controller.abort();
      await started;
      assert.equal(await stateOf(drained), "pending");
      permit.release();
    } else end(permit, controller);
    await drained;
  });
}

test("drain of a limiter with nothing to do resolves at once", async () => {
  assert.equal(await createLimiter().drain(), undefined);
});

test("drain ends when the last that waits gives up, or fails by its deadline", async () => {
  const clock = new VirtualClock();
  for (const end of ["abort", "deadline"]) {
    const limiter = createLimiter({ clock, seed: 1 });
    limiter.pause();
    const controller = new AbortController();
    const failed = failureOf(limiter.acquire(1, { signal: controller.signal, deadlineMs: 2_000 }));
    const drained = limiter.drain();
    assert.equal(await stateOf(drained), "pending");
    if (end === "abort") controller.abort();
    else await clock.advance(2_500);
    await failed;
    assert.equal(await stateOf(drained), "fulfilled", end);
  }
});

test("drain while paused waits for resume, and close ends it", async () => {
  for (const end of ["resume", "close"]) {
    const limiter = createLimiter();
    limiter.pause();
    const call = limiter.acquire().then((permit) => permit.release(), (error) => error.code);
    const drained = limiter.drain();
    assert.equal(await stateOf(drained), "pending");
    limiter[end]();
    assert.equal(await call, end === "close" ? "closed" : undefined);
    await drained;
  }
});

test("drain after close resolves when what was in flight has ended", async () => {
  const limiter = createLimiter();
  const permit = limiter.tryAcquire();
  limiter.close();
  const drained = limiter.drain();
  assert.equal(await stateOf(drained), "pending");
  permit.release();
  await drained;
  assert.equal(await limiter.drain(), undefined);
  await assert.rejects(limiter.acquire(), { code: "closed" });
});

test("a listener of drained may close the limiter", async () => {
  const limiter = createLimiter();
  limiter.on("drained", () => limiter.close());
  await limiter.drain();
  await assert.rejects(limiter.acquire(), { code: "closed" });
});

test("drain rejects when the limiter fails", async () => {
  const limiter = oneAtATime();
  const permit = limiter.tryAcquire();
  const failed = failureOf(limiter.drain());
  const original = CoreLimiter.prototype.release;
  CoreLimiter.prototype.release = () => {
    CoreLimiter.prototype.release = original;
    throw new Error("unreachable");
  };
  assert.throws(() => permit.release(), { code: "core-panicked" });
  assert.equal((await failed).code, "core-panicked");
  assert.equal((await failureOf(limiter.drain())).code, "core-panicked");
  for (const call of [() => limiter.pause(), () => limiter.resume(), () => limiter.estimate()]) {
    assert.throws(call, { code: "core-panicked" });
  }
});

test("await using closes, and does not wait", async () => {
  const limiter = oneAtATime();
  const permit = limiter.tryAcquire();
  const waiting = failureOf(limiter.acquire());
  await limiter[Symbol.asyncDispose]();
  assert.equal((await waiting).code, "closed");
  permit.release();
});

test("errors of a full queue and of a deadline say how long the wait would be", async () => {
  const clock = new VirtualClock();
  const limits = { default: { limits: [{ dimension: "requests", amount: 10, periodMs: 60_000, burst: 1 }] } };
  const limiter = createLimiter({ clock, seed: 1, limits, queue: { maxDepth: 2 } });
  limiter.tryAcquire().release();
  const waiting = [limiter.acquire()];
  const hopeless = await failureOf(limiter.acquire(1, { deadlineMs: 5_000 }));
  assert.equal(hopeless.code, "deadline-exceeded");
  assert.ok(Math.abs(hopeless.expectedMs - 12_000) < 100, String(hopeless.expectedMs));
  assert.equal(hopeless.waitedMs, 0, "refused at once");
  assert.equal(hopeless.position, 1);
  waiting.push(limiter.acquire());
  const full = await failureOf(limiter.acquire());
  assert.equal(full.code, "queue-full");
  assert.equal(full.limit, 2);
  assert.ok(Math.abs(full.expectedMs - 18_000) < 100, String(full.expectedMs));
  for (const error of [hopeless, full]) assert.doesNotMatch(error.message, /timed? ?out/i);
  await clock.advance(20_000);
  for (const call of waiting) (await call).release();
});

test("queue.concurrency holds over all scopes, and shares and ageing are read by the core", async () => {
  const limits = { a: { rpm: 100 }, b: { rpm: 100 } };
  const limiter = createLimiter({ limits, queue: { concurrency: 2, ageingMs: 5_000, shares: { "paid-*": 4, trial: 0.5 } } });
  const permits = ["a", "b"].map((model) => limiter.tryAcquire(1, { model }));
  assert.equal(limiter.tryAcquire(1, { model: "a" }), undefined);
  const waiting = limiter.acquire(1, { model: "b" });
  assert.equal(limiter.snapshot().inFlight, 2);
  permits[0].release();
  (await waiting).release();
  permits[1].release();
  assert.equal(limiter.snapshot().inFlight, 0);
  for (const [queue, option] of [
    [{ concurrency: 0 }, "queue.concurrency"],
    [{ concurrency: 1.5 }, "queue.concurrency"],
    [{ ageingMs: 0 }, "queue.ageingMs"],
    [{ shares: { trial: 0 } }, "queue.shares.trial"],
    [{ shares: 4 }, "queue.shares"],
  ]) {
    assert.throws(() => createLimiter({ queue }), { code: "invalid-option", option });
  }
});
