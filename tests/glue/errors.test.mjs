import assert from "node:assert/strict";
import { test } from "node:test";
import vm from "node:vm";
import * as tidegate from "tidegate";
import { CoreLimiter, deferred, messagesAnswer, messagesCall, oneAtATime, settled, stateOf, upstream, VirtualClock } from "./support.mjs";

const { createLimiter, isTidegateError, TidegateError } = tidegate;

/** What the SDKs take for a broken connection, and try again. */
const LOOKS_LIKE_A_TRANSPORT_FAILURE = /timed? ?out/i;

function assertTyped(error, name, code, fields) {
  assert.ok(error instanceof tidegate[name], `${error?.name}: ${error?.message}`);
  assert.ok(error instanceof TidegateError);
  assert.ok(error instanceof Error);
  assert.equal(error.name, name);
  assert.equal(error.code, code);
  assert.ok(isTidegateError(error));
  assert.ok(isTidegateError(error, code));
  assert.equal(isTidegateError(error, code === "closed" ? "queue-full" : "closed"), false);
  assert.doesNotMatch(`${error.name} ${error.message} ${error.cause ?? ""}`, LOOKS_LIKE_A_TRANSPORT_FAILURE);
  for (const field of fields) assert.notEqual(error[field], undefined, field);
}

const failureOf = (promise) => promise.then(() => assert.fail("should have failed"), (error) => error);

test("each refusal is an error of its own class, with its code and its numbers", async () => {
  const clock = new VirtualClock();
  const limiter = createLimiter({
    limits: { default: { rpm: 10, concurrency: 1 } }, queue: { maxDepth: 1 }, clock, seed: 1,
  });
  assertTyped(await failureOf(limiter.acquire(11)), "InsufficientCapacityError", "insufficient-capacity", ["scope", "dimension", "limit", "cost"]);
  assert.throws(() => limiter.tryAcquire(11), { code: "insufficient-capacity", limit: 10, cost: 11 });
  const permit = await limiter.acquire();
  const waiting = failureOf(limiter.acquire(1, { deadlineMs: 100 }));
  assertTyped(await failureOf(limiter.acquire()), "QueueFullError", "queue-full", ["scope", "limit"]);
  await clock.advance(200);
  assertTyped(await waiting, "DeadlineError", "deadline-exceeded", ["scope", "waitedMs", "position"]);
  const last = failureOf(limiter.acquire());
  limiter.close();
  assertTyped(await last, "ClosedError", "closed", []);
  permit.release();
});

test("a wrong option throws one error that names it, its value and the fix", () => {
  const wrong = [
    [null, "(all)"],
    [{ fetch: 1 }, "fetch"],
    [{ clock: {} }, "clock.now"],
    [{ clock: { now() {}, wallNow() {}, setTimer() {} } }, "clock.clearTimer"],
    [{ seed: 1.5 }, "seed"],
    [{ seed: "1" }, "seed"],
    [{ limits: { default: { rpm: -1 } } }, "limits.default.rpm"],
    [{ retries: 3 }, "retries"],
  ];
  for (const [options, option] of wrong) {
    assert.throws(() => createLimiter(options), (error) => {
      assertTyped(error, "OptionError", "invalid-option", ["option", "fix"]);
      assert.equal(error.option, option);
      assert.match(error.message, new RegExp(option.split(".").at(-1).replace(/[()]/g, ".")));
      return true;
    });
  }
});

test("an event that does not exist is a wrong option", () => {
  assert.throws(() => createLimiter().on("nothing", () => {}), { code: "invalid-option", option: "type" });
  assert.throws(() => createLimiter().on("limit", 1), { code: "invalid-option", option: "listener" });
});

test("the guard knows errors of another realm and another copy, and nothing else", () => {
  const foreign = vm.runInNewContext(`
    const error = new Error("from elsewhere");
    error.code = "closed";
    error[Symbol.for("tidegate.error")] = true;
    error`);
  assert.ok(isTidegateError(foreign, "closed"));
  for (const other of [undefined, null, 1, "closed", {}, new Error("x"), Object.assign(new Error("x"), { code: "closed" })]) {
    assert.equal(isTidegateError(other), false);
  }
});

/** Makes one method of the core fail, once, as a Rust panic does. */
function panicIn(method, message = "tidegate core panicked: index out of bounds") {
  const original = CoreLimiter.prototype[method];
  CoreLimiter.prototype[method] = () => {
    CoreLimiter.prototype[method] = original;
    throw new Error(message);
  };
}

test("a panic rejects everybody who waits with one error, which every later call throws too", async () => {
  const clock = new VirtualClock();
  const limiter = createLimiter({ limits: { default: { rpm: 1, concurrency: 1 } }, fetch: upstream(() => messagesAnswer()), clock, seed: 1 });
  const permit = await limiter.acquire();
  const waiting = [limiter.acquire(), limiter.fetch(...messagesCall()), limiter.with({ priority: "low" }).acquire()];
  const failures = waiting.map(failureOf);
  await settled();
  panicIn("poll");
  clock.advance(1);
  const error = await failureOf(limiter.acquire());
  assertTyped(error, "CoreError", "core-panicked", ["cause"]);
  assert.equal(error.message, "tidegate core panicked: index out of bounds");
  assert.deepEqual(new Set(await Promise.all(failures)), new Set([error]));
  assert.equal(await failureOf(limiter.acquire()), error);
  assert.equal(await failureOf(limiter.fetch(...messagesCall())), error);
  assert.equal(await failureOf(limiter.schedule(() => {})), error);
  for (const call of [() => limiter.tryAcquire(), () => limiter.snapshot(), () => limiter.close(), () => permit.release()]) {
    assert.throws(call, (thrown) => thrown === error);
  }
  assert.equal(clock.armed, 0);
});

test("a panic in a timer rejects who waits, and nothing is uncaught", async () => {
  const clock = new VirtualClock();
  const limiter = createLimiter({ limits: { default: { rpm: 1 } }, clock, seed: 1 });
  (await limiter.acquire()).release();
  const waiting = failureOf(limiter.acquire());
  panicIn("handleTimeout", "unreachable");
  await clock.advance(120_000);
  assertTyped(await waiting, "CoreError", "core-panicked", ["cause"]);
});

test("a panic costs no answer that the server has given, nor the rest of a stream", async () => {
  const answer = deferred();
  const limiter = createLimiter({ fetch: upstream(() => answer.promise) });
  const call = limiter.fetch(...messagesCall());
  await settled();
  panicIn("handleResponse");
  answer.resolve(messagesAnswer());
  assert.equal((await (await call).json()).model, "claude-test-1");
  for (const method of ["chunk", "finish"]) {
    const other = createLimiter({ fetch: upstream(() => messagesAnswer()) });
    const response = await other.fetch(...messagesCall());
    panicIn(method);
    assert.equal((await response.json()).model, "claude-test-1");
    assert.throws(() => other.tryAcquire(), { code: "core-panicked" });
  }
});

test("a panic tells only those who still wait", async () => {
  const limiter = oneAtATime();
  const permit = await limiter.acquire();
  const controller = new AbortController();
  const givenUp = failureOf(limiter.acquire(1, { signal: controller.signal }));
  controller.abort("enough");
  assert.equal(await givenUp, "enough");
  panicIn("release");
  assert.throws(() => permit.release(), { code: "core-panicked" });
  // A rejection that nobody handles would fail this test.
  await settled();
});

test("another limiter goes on after a panic", async () => {
  const broken = createLimiter();
  const sound = createLimiter();
  panicIn("acquireNow");
  assert.throws(() => broken.tryAcquire(), { code: "core-panicked" });
  sound.tryAcquire().release();
});

test("close rejects what waits and what comes later, and can be repeated", async () => {
  const limiter = oneAtATime({ fetch: upstream(() => messagesAnswer()) });
  const view = limiter.with({ priority: "high" });
  const permit = await limiter.acquire();
  const failures = [limiter.acquire(), limiter.fetch(...messagesCall()), limiter.schedule(() => {})].map(failureOf);
  limiter.close();
  limiter.close();
  failures.push(failureOf(view.acquire()), failureOf(view.fetch(...messagesCall())), failureOf(view.schedule(() => {})));
  for (const error of await Promise.all(failures)) assertTyped(error, "ClosedError", "closed", []);
  assert.throws(() => view.tryAcquire(), { code: "closed" });
  permit.release();
  await limiter[Symbol.asyncDispose]();
});

test("close lets what is in flight go on to its end", async () => {
  const answer = deferred();
  const limiter = createLimiter({ fetch: upstream(() => answer.promise) });
  const call = limiter.fetch(...messagesCall());
  await settled();
  limiter.close();
  assert.equal(await stateOf(call), "pending");
  answer.resolve(messagesAnswer());
  assert.equal((await (await call).json()).model, "claude-test-1");
});
