import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { dirname } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { createLimiter } from "tidegate";
import { oneAtATime, settled, stateOf, VirtualClock } from "./support.mjs";

const here = dirname(fileURLToPath(import.meta.url));
const DAY = 86_400_000;

test("a wait of a month is cut into timers that setTimeout can hold, and still ends on time", async () => {
  const clock = new VirtualClock();
  const slow = { dimension: "requests", amount: 1, periodMs: 31 * DAY };
  const limiter = createLimiter({ limits: { default: { limits: [slow] } }, clock, seed: 1 });
  (await limiter.acquire()).release();
  const call = limiter.acquire();
  await clock.advance(31 * DAY - 1000);
  assert.equal(await stateOf(call), "pending");
  await clock.advance(2000);
  assert.equal(await stateOf(call), "fulfilled");
  assert.ok(clock.delays.length >= 2);
  assert.ok(Math.max(...clock.delays) <= 2 ** 31 - 1, String(Math.max(...clock.delays)));
  assert.equal(clock.armed, 0);
});

test("one timer at most is armed, and none when nobody waits", async () => {
  const clock = new VirtualClock();
  const limiter = createLimiter({ limits: { default: { rpm: 2 } }, clock, seed: 1 });
  for (let call = 0; call < 2; call++) limiter.tryAcquire()?.release();
  assert.equal(limiter.tryAcquire(), undefined);
  assert.equal(clock.armed, 0);
  const calls = Array.from({ length: 5 }, () => limiter.acquire());
  assert.equal(clock.armed, 1);
  for (let second = 0; second < 600; second++) {
    await clock.advance(1000);
    assert.ok(clock.armed <= 1);
  }
  for (const permit of await Promise.all(calls)) permit.release();
  assert.equal(clock.armed, 0);
});

test("a timer that fires a little early loses no wake-up", async () => {
  const clock = new VirtualClock();
  clock.earlyMs = 0.9;
  const limiter = createLimiter({ limits: { default: { rpm: 1 } }, clock, seed: 1 });
  (await limiter.acquire()).release();
  const call = limiter.acquire();
  await clock.advance(61_000);
  assert.equal(await stateOf(call), "fulfilled");
});

test("a clock that jumps past an armed timer loses no wake-up that comes earlier", async () => {
  const clock = new VirtualClock();
  const limiter = createLimiter({ limits: { default: { rpd: 1 } }, clock, seed: 1 });
  (await limiter.acquire()).release();
  const first = limiter.acquire();
  clock.jump(2 * DAY);
  const second = limiter.acquire(1, { deadlineMs: 1000 });
  second.catch(() => {});
  await clock.advance(2000);
  assert.equal(await stateOf(first), "fulfilled");
  await assert.rejects(second, { code: "deadline-exceeded" });
});

test("a clock that jumps forward or stands back loses no wake-up", async () => {
  const clock = new VirtualClock();
  const limiter = createLimiter({ limits: { default: { rpm: 1 } }, clock, seed: 1 });
  (await limiter.acquire()).release();
  const first = limiter.acquire();
  clock.jump(3_600_000);
  const second = limiter.acquire();
  await clock.advance(120_000);
  assert.equal(await stateOf(first), "fulfilled");
  clock.jump(-1_800_000);
  const third = limiter.acquire();
  await clock.advance(8 * 3_600_000);
  assert.equal(await stateOf(second), "fulfilled");
  assert.equal(await stateOf(third), "fulfilled");
});

test("calls of one priority start in the order in which they came, and a higher priority before them", async () => {
  const limiter = oneAtATime();
  const permit = await limiter.acquire();
  const order = [];
  const run = (name, hints) => limiter.schedule(() => order.push(name), hints);
  const all = [run("a"), run("b"), run("low", { priority: "low" }), run("c"), run("critical", { priority: "critical" })];
  permit.release();
  await Promise.all(all);
  assert.deepEqual(order, ["critical", "a", "b", "c", "low"]);
});

test("a listener may call the limiter from inside its loop", async () => {
  const limiter = createLimiter({ limits: { default: { concurrency: 10 } } });
  const inner = [];
  limiter.on("unknown-model", ({ model }) => {
    if (inner.length < 5) inner.push(limiter.acquire(1, { model: `${model}x` }));
  });
  const outer = limiter.acquire(1, { model: "mystery" });
  for (const waiting of [outer, ...inner]) {
    assert.equal(await stateOf(waiting), "fulfilled");
    (await waiting).release();
  }
  assert.ok(inner.length > 0);
});

test("a listener that closes the limiter from inside its loop ends everything once", async () => {
  const limiter = oneAtATime();
  const permit = await limiter.acquire();
  limiter.on("unknown-model", () => limiter.close());
  const waiting = [limiter.acquire(), limiter.acquire(1, { model: "mystery" }), limiter.acquire()];
  for (const result of await Promise.allSettled(waiting)) assert.equal(result.reason.code, "closed");
  permit.release();
});

test("a listener that throws is reported as uncaught and stops nothing", async () => {
  const code = `
    import { createLimiter } from "tidegate";
    process.on("uncaughtException", (error) => console.log("uncaught", error.message));
    const limiter = createLimiter({ limits: { known: { rpm: 10 } } });
    limiter.on("unknown-model", () => { throw new Error("mine"); });
    limiter.on("unknown-model", () => console.log("second"));
    (await limiter.acquire(1, { model: "mystery" })).release();
    console.log("granted");`;
  assert.deepEqual((await run(code)).split("\n").sort(), ["granted", "second", "uncaught mine"]);
});

test("off removes one listener, and the rest go on", async () => {
  const limiter = createLimiter({ limits: { known: { rpm: 10 } } });
  const seen = [];
  const listener = ({ model }) => seen.push(model);
  const off = limiter.on("unknown-model", listener);
  limiter.on("unknown-model", listener);
  await limiter.acquire(1, { model: "one" });
  off();
  off();
  await limiter.acquire(1, { model: "two" });
  assert.deepEqual(seen, ["one", "one", "two"]);
});

test("an idle limiter keeps no process alive", async () => {
  const code = `
    import { createLimiter } from "tidegate";
    const limiter = createLimiter({ limits: { default: { rpd: 1 } } });
    (await limiter.acquire()).release();
    limiter.tryAcquire();
    const controller = new AbortController();
    limiter.acquire(1, { signal: controller.signal }).catch(() => console.log("given up"));
    controller.abort();`;
  assert.equal(await run(code), "given up");
});

test("a waiting call keeps its process alive until it starts", async () => {
  const code = `
    import { createLimiter } from "tidegate";
    const limiter = createLimiter({ limits: { default: { rps: 20 } } });
    for (let call = 0; call < 20; call++) (await limiter.acquire()).release();
    limiter.acquire().then(() => console.log("started"));`;
  assert.equal(await run(code), "started");
});

async function run(code) {
  const { stdout } = await promisify(execFile)(process.execPath, ["--input-type=module", "-e", code], {
    cwd: here,
    timeout: 30_000,
  });
  return stdout.trim();
}

test("100,000 waiting calls all start, in order, and leave nothing behind", async () => {
  const limiter = oneAtATime();
  let permit = await limiter.acquire();
  const calls = Array.from({ length: 100_000 }, () => limiter.acquire());
  for (const call of calls) {
    permit.release();
    permit = await call;
  }
  permit.release();
  await settled();
  limiter.tryAcquire().release();
});
