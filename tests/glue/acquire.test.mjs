import assert from "node:assert/strict";
import { test } from "node:test";
import { createLimiter } from "tidegate";
import { oneAtATime, settled, spied, stateOf, VirtualClock } from "./support.mjs";

test("tryAcquire grants what fits, then nothing, then again once a permit is back", () => {
  const limiter = createLimiter({ limits: { default: { concurrency: 2 } } });
  const permits = [limiter.tryAcquire(), limiter.tryAcquire()];
  assert.equal(limiter.tryAcquire(), undefined);
  permits[0].release();
  permits[0].release();
  assert.notEqual(limiter.tryAcquire(), undefined);
  assert.equal(limiter.tryAcquire(), undefined, "releasing twice gives one place back");
});

test("tryAcquire passes nobody over who waits", async () => {
  const limiter = createLimiter({ limits: { default: { concurrency: 2 } } });
  const held = [limiter.tryAcquire(), limiter.tryAcquire()];
  const waiting = limiter.acquire();
  held[0].release();
  assert.equal(limiter.tryAcquire(), undefined);
  (await waiting).release();
});

test("a permit ends once, with settle or release, whichever comes first", async () => {
  const limiter = createLimiter();
  const settled = await spied("settle", async () => {
    const released = await spied("release", async () => {
      const first = await limiter.acquire({ inputTokens: 10 });
      first.settle({ inputTokens: 7 });
      first.settle(3);
      first.release();
      const second = await limiter.acquire();
      second.release();
      second.settle(1);
    });
    assert.equal(released.length, 1);
  });
  assert.deepEqual(settled.map((args) => args.slice(2)), [[-1, 7, -1, -1]]);
});

test("a cost reaches the core in its dimensions, and a number means requests", async () => {
  const limiter = createLimiter();
  const costs = [undefined, 2, {}, { inputTokens: 5 }, { requests: 0, inputTokens: 1, outputTokens: 2, custom: 3 }];
  const asked = await spied("acquireNow", async () => {
    for (const cost of costs) (await limiter.acquire(cost)).release();
  });
  assert.deepEqual(asked.map((args) => args.slice(2, 6)), [[1, 0, 0, 0], [2, 0, 0, 0], [1, 0, 0, 0], [1, 5, 0, 0], [0, 1, 2, 3]]);
});

test("using releases a permit at the end of its block", async () => {
  const limiter = oneAtATime();
  const permit = await limiter.acquire();
  const waiting = limiter.acquire();
  permit[Symbol.dispose]();
  (await waiting).release();
});

test("schedule runs the task when it may, and gives its place back though the task throws", async () => {
  const limiter = oneAtATime();
  const running = [];
  const task = (name) => async () => {
    running.push(name);
    assert.equal(running.length, 1);
    await settled();
    running.pop();
    if (name === "bad") throw new Error("mine");
    return name;
  };
  const results = await Promise.allSettled([limiter.schedule(task("a")), limiter.schedule(task("bad")), limiter.schedule(task("c"))]);
  assert.deepEqual(results.map(({ value, reason }) => value ?? reason.message), ["a", "mine", "c"]);
  await assert.rejects(limiter.schedule(() => { throw new Error("at once"); }), /at once/);
  limiter.tryAcquire().release();
});

test("schedule takes a cost, and a task that knows better settles it", async () => {
  const limiter = createLimiter();
  const settled = await spied("settle", () =>
    limiter.schedule((permit) => permit.settle({ outputTokens: 9 }), { cost: { outputTokens: 50 }, priority: "high" }),
  );
  assert.deepEqual(settled.map((args) => args.slice(2)), [[-1, -1, 9, -1]]);
});

test("hints of views add up, the later ones first, and none changes the limiter it came from", async () => {
  const limiter = createLimiter();
  const low = limiter.with({ priority: "low" });
  const asked = await spied("acquireNow", async () => {
    for (const view of [low, low.with({ deadlineMs: 5 }), low.with({ priority: "critical" }), limiter]) {
      (await view.acquire()).release();
    }
    (await low.acquire(1, { priority: "high" })).release();
  });
  assert.deepEqual(asked.map((args) => args.at(-1)), [-50, -50, 100, 0, 50]);
});

test("a wrong hint or cost throws an error that names the field", async () => {
  const limiter = createLimiter();
  const hints = [
    [{ priority: "urgent" }, "hints.priority"],
    [{ deadlineMs: -1 }, "hints.deadlineMs"],
    [{ deadlineMs: Number.NaN }, "hints.deadlineMs"],
    [{ deadlineMs: "5" }, "hints.deadlineMs"],
    [{ signal: {} }, "hints.signal"],
    [{ model: 4 }, "hints.model"],
    [{ prio: "high" }, "hints.prio"],
    [null, "hints"],
  ];
  for (const [hint, option] of hints) {
    const expected = { name: "OptionError", code: "invalid-option", option };
    assert.throws(() => limiter.with(hint), expected);
    await assert.rejects(limiter.acquire(1, hint), expected);
    assert.throws(() => limiter.tryAcquire(1, hint), expected);
  }
  const costs = [
    [-1, "cost"], [0.5, "cost"], [2 ** 32, "cost"], [Number.NaN, "cost"], [Infinity, "cost"], ["1", "cost"], [null, "cost"],
    [{ tokens: 1 }, "cost.tokens"], [{ inputTokens: -1 }, "cost.inputTokens"], [{ custom: "1" }, "cost.custom"],
  ];
  for (const [cost, option] of costs) {
    await assert.rejects(limiter.acquire(cost), { code: "invalid-option", option });
    assert.throws(() => limiter.tryAcquire(cost), { code: "invalid-option", option });
    const permit = limiter.tryAcquire();
    assert.throws(() => permit.settle(cost), { code: "invalid-option", option });
    permit.release();
  }
});

test("a call that cannot start by its deadline is refused, and says how long it waited", async () => {
  const clock = new VirtualClock();
  const limiter = oneAtATime({ clock, seed: 1 });
  const permit = await limiter.acquire();
  const call = limiter.acquire(1, { deadlineMs: 1500 });
  call.catch(() => {});
  await clock.advance(1400);
  assert.equal(await stateOf(call), "pending");
  await clock.advance(200);
  await assert.rejects(call, { name: "DeadlineError", code: "deadline-exceeded" });
  permit.release();
  limiter.tryAcquire().release();
  assert.equal(clock.armed, 0);
});
