// Where a call stands: the hint onWait, and estimate.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { dirname } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { createLimiter } from "tidegate";
import { CoreLimiter, messagesAnswer, messagesCall, oneAtATime, settled, spied, stateOf, upstream, VirtualClock } from "./support.mjs";

/** A limiter of ten a minute whose quota is used up. */
function usedUp(options = {}) {
  const clock = new VirtualClock();
  const limits = { default: { limits: [{ dimension: "requests", amount: 10, periodMs: 60_000, burst: 1 }] } };
  const limiter = createLimiter({ clock, seed: 1, limits, ...options });
  limiter.tryAcquire().release();
  return { clock, limiter };
}

/** A limiter without quota whose core says of a waiting call what `script.standing` holds: [waitMs, position]. */
async function scripted(script, run) {
  const { outlook, position } = CoreLimiter.prototype;
  CoreLimiter.prototype.outlook = function () {
    script.looks = (script.looks ?? 0) + 1;
    return script.standing[0];
  };
  CoreLimiter.prototype.position = () => script.standing[1];
  const clock = new VirtualClock();
  const limiter = oneAtATime({ clock, seed: 1 });
  const permit = limiter.tryAcquire();
  try {
    await run({ clock, limiter, permit });
  } finally {
    Object.assign(CoreLimiter.prototype, { outlook, position });
  }
}

test("a call that has to wait is told where it stands, and one that starts at once is not", async () => {
  const { clock, limiter } = usedUp();
  const told = [];
  const calls = [0, 1, 2].map((call) => limiter.acquire(1, { onWait: (standing) => told.push([call, standing]) }));
  assert.deepEqual(told.map(([call, { position }]) => [call, position]), [[0, 0], [1, 1], [2, 2]]);
  assert.deepEqual(told.map(([, { waitMs }]) => Math.round(waitMs / 100)), [60, 120, 180]);
  await clock.advance(20_000);
  for (const call of calls) (await call).release();
  const { length } = told;
  const free = oneAtATime({ clock });
  (await free.acquire(1, { onWait: () => assert.fail("did not wait") })).release();
  await clock.advance(60_000);
  assert.equal(told.length, length);
  assert.equal(clock.armed, 0);
});

test("it is told again when that has changed noticeably, at most once a second", async () => {
  const { clock, limiter } = usedUp();
  const told = [];
  const others = [0, 1].map(() => limiter.acquire());
  const call = limiter.acquire(1, { onWait: ({ position, waitMs }) => told.push([clock.time, position, waitMs]) });
  await clock.advance(19_000);
  for (const each of [...others, call]) (await each).release();
  for (let index = 1; index < told.length; index++) assert.ok(told[index][0] - told[index - 1][0] >= 1_000);
  assert.deepEqual([...new Set(told.map(([, position]) => position))], [2, 1, 0]);
  // What was expected when it was told is what then happened.
  for (const [at, , waitMs] of told) assert.ok(Math.abs(at + waitMs - 18_000) < 200, `${at} + ${waitMs}`);
  assert.ok(told.length > 10 && told.length <= 18, String(told.length));
});

for (const [what, before, after, told] of [
  ["a place of five", [9_000, 5], [9_000, 4], true],
  ["a place of fifty", [9_000, 50], [9_000, 49], false],
  ["five places of fifty", [9_000, 50], [9_000, 45], true],
  ["more places than before", [9_000, 5], [9_000, 8], true],
  ["half a second of five", [5_000, 5], [4_500, 5], false],
  ["a second of five", [5_000, 5], [4_000, 5], true],
  ["a second of a minute", [60_000, 5], [59_000, 5], false],
  ["six seconds of a minute", [60_000, 5], [66_000, 5], true],
  ["a wait that becomes known", [-1, 5], [5_000, 5], true],
  ["a wait that is no longer known", [5_000, 5], [-1, 5], true],
  ["a call that is not in the queue for now", [5_000, 5], [-2, 0], false],
  ["nothing", [5_000, 5], [5_000, 5], false],
]) {
  test(`a change by ${what} is ${told ? "" : "not "}told`, async () => {
    const script = { standing: before };
    await scripted(script, async ({ clock, limiter }) => {
      const heard = [];
      limiter.acquire(1, { onWait: (standing) => heard.push(standing) });
      script.standing = after;
      await clock.advance(1_200);
      const expected = (told ? [before, after] : [before]).map(([waitMs, position]) => ({ position, waitMs: waitMs < 0 ? undefined : waitMs }));
      assert.deepEqual(heard, expected);
    });
  });
}

test("calls that came at different times are each told once a second", async () => {
  const script = {};
  await scripted(script, async ({ clock, limiter }) => {
    // Twice as many in each second: what a look sees is always news.
    Object.defineProperty(script, "standing", { get: () => [-1, Math.round(100 * 2 ** (clock.time / 1_000))] });
    const heard = [[], [], []];
    for (const times of heard) {
      limiter.acquire(1, { onWait: () => times.push(clock.time) });
      await clock.advance(350);
    }
    await clock.advance(10_000);
    for (const times of heard) {
      assert.ok(times.length >= 8, String(times));
      for (let index = 1; index < times.length; index++) assert.ok(times[index] - times[index - 1] >= 1_000, String(times));
    }
  });
});

test("schedule, fetch and views take onWait too, and nothing is armed for those who have none", async () => {
  const clock = new VirtualClock();
  const limiter = oneAtATime({ clock, seed: 1, fetch: upstream(() => messagesAnswer()) });
  const permit = limiter.tryAcquire();
  const heard = [];
  const onWait = (name) => ({ onWait: ({ position }) => heard.push([name, position]) });
  const silent = limiter.acquire();
  assert.equal(clock.armed, 0);
  const calls = [
    silent.then((own) => own.release()),
    limiter.schedule(() => {}, onWait("schedule")),
    limiter.with(onWait("fetch")).fetch(...messagesCall({ headers: {} })).then((response) => response.text()),
    limiter.run(onWait("run"), () => limiter.schedule(() => {})),
  ];
  await settled();
  assert.deepEqual(heard.map(([name]) => name).sort(), ["fetch", "run", "schedule"]);
  assert.equal(clock.armed, 1);
  permit.release();
  await Promise.all(calls);
  assert.equal(clock.armed, 0);
});

test("those who share an answer are each told where it stands, until they give it up", async () => {
  const script = { standing: [50_000, 9] };
  await scripted(script, async ({ clock, limiter }) => {
    const heard = [];
    const controller = new AbortController();
    const ask = (name, hints) => limiter.with({ dedupe: true, onWait: ({ position }) => heard.push([name, position]), ...hints }).fetch(...messagesCall());
    // A concurrency of one is taken, so both wait.
    const first = ask("first", { signal: controller.signal });
    await settled();
    const second = ask("second");
    const silent = ask("silent", { onWait: undefined });
    await settled();
    assert.deepEqual(heard, [["first", 9]]);
    script.standing = [50_000, 5];
    await clock.advance(1_200);
    assert.deepEqual(heard.slice(1), [["first", 5], ["second", 5]]);
    controller.abort("enough");
    await assert.rejects(first, (reason) => reason === "enough");
    script.standing = [50_000, 2];
    await clock.advance(1_200);
    assert.deepEqual(heard.slice(3), [["second", 2]]);
    limiter.close();
    for (const call of [second, silent]) await assert.rejects(call, { code: "closed" });
    assert.equal(clock.armed, 0);
  });
});

test("a call that waits again before a retry is told again", async () => {
  const clock = new VirtualClock();
  const answers = [() => new Response("", { status: 429, headers: { "retry-after": "5" } }), () => messagesAnswer()];
  const limiter = createLimiter({ clock, seed: 1, fetch: upstream(...answers) });
  const heard = [];
  const call = limiter.with({ onWait: ({ waitMs }) => heard.push(waitMs) }).fetch(...messagesCall());
  await clock.advance(3_000);
  assert.ok(heard.length >= 1, "told while it waits");
  await clock.advance(3_000);
  assert.equal((await call).status, 200);
  assert.equal(clock.armed, 0);
});

test("nobody is told anything after an abort, a refusal or the end", async () => {
  for (const end of ["abort", "deadline", "close", "start", "panic"]) {
    await scripted({ standing: [5_000, 3] }, async ({ clock, limiter, permit }) => {
      const controller = new AbortController();
      let heard = 0;
      const hints = { onWait: () => heard++, signal: controller.signal, ...(end === "deadline" ? { deadlineMs: 500 } : {}) };
      const call = limiter.acquire(1, hints);
      call.catch(() => {});
      assert.equal(heard, 1);
      if (end === "abort") controller.abort();
      if (end === "close") limiter.close();
      if (end === "start") permit.release();
      if (end === "panic") {
        const original = CoreLimiter.prototype.snapshot;
        CoreLimiter.prototype.snapshot = () => {
          throw new Error("unreachable");
        };
        assert.throws(() => limiter.snapshot(), { code: "core-panicked" });
        CoreLimiter.prototype.snapshot = original;
        assert.equal(clock.armed, 0);
      }
      await clock.advance(5_000);
      assert.notEqual(await stateOf(call), "pending");
      assert.equal(heard, 1, end);
      assert.equal(clock.armed, 0, end);
    });
  }
});

test("a callback may abort its call, call the limiter or close it", async () => {
  const limiter = oneAtATime();
  const permit = limiter.tryAcquire();
  const controller = new AbortController();
  const aborted = limiter.acquire(1, { signal: controller.signal, onWait: () => controller.abort("enough") });
  await assert.rejects(aborted, (reason) => reason === "enough");
  let inner;
  const outer = limiter.acquire(1, { onWait: () => (inner ??= limiter.acquire()) });
  permit.release();
  (await outer).release();
  const last = await inner;
  const closing = limiter.acquire(1, { onWait: () => limiter.close() });
  await assert.rejects(closing, { code: "closed" });
  last.release();
});

test("a callback that throws is reported as uncaught, and harms nobody", async () => {
  const code = `
    import { createLimiter } from "tidegate";
    process.on("uncaughtException", (error) => console.log("uncaught", error.message));
    const limiter = createLimiter({ limits: { default: { concurrency: 1 } } });
    const permit = await limiter.acquire();
    const calls = [
      limiter.acquire(1, { onWait: () => { throw new Error("mine"); } }),
      limiter.acquire(1, { onWait: () => console.log("second") }),
    ];
    permit.release();
    for (const call of calls) (await call).release();
    console.log("both started");`;
  const { stdout } = await promisify(execFile)(process.execPath, ["--input-type=module", "-e", code], {
    cwd: dirname(fileURLToPath(import.meta.url)),
    timeout: 30_000,
  });
  assert.deepEqual(stdout.trim().split("\n").sort(), ["both started", "second", "uncaught mine"]);
});

test("a callback is called in the run of its call, whoever's timer makes it due", async () => {
  const script = { standing: [5_000, 3] };
  await scripted(script, async ({ clock, limiter }) => {
    const asked = await spied("acquireNow", async () => {
      limiter.run({ priority: 9 }, () => void limiter.acquire());
      limiter.run({ priority: 1 }, () => void limiter.acquire(1, { onWait: () => limiter.tryAcquire() }));
      script.standing = [1_000, 3];
      await limiter.run({ priority: 2 }, () => clock.advance(1_500));
    });
    assert.deepEqual(asked.map((args) => args[6]), [9, 1, 1, 1]);
  });
});

test("ten thousand watched calls take a bounded number of looks, and each has its turn", async () => {
  const script = { standing: [50_000, 3] };
  await scripted(script, async ({ clock, limiter }) => {
    const heard = new Map();
    for (let call = 0; call < 10_000; call++) {
      limiter.acquire(1, { onWait: () => heard.set(call, (heard.get(call) ?? 0) + 1) }).catch(() => {});
    }
    assert.equal(script.looks, 10_000);
    script.standing = [40_000, 3];
    await clock.advance(1_000);
    assert.ok(script.looks <= 11_000, String(script.looks));
    await clock.advance(11_000);
    assert.deepEqual(new Set(heard.values()), new Set([2]));
    limiter.close();
    assert.equal(clock.armed, 0);
  });
});

test("estimate says when a call would start, and queues nothing", async () => {
  const { clock, limiter } = usedUp();
  assert.ok(Math.abs(limiter.estimate().waitMs - 6_000) < 100, String(limiter.estimate().waitMs));
  const waiting = [limiter.acquire(), limiter.acquire()];
  const { waitMs } = limiter.estimate();
  assert.ok(Math.abs(waitMs - 18_000) < 100, String(waitMs));
  assert.ok(limiter.estimate(1, { priority: "critical" }).waitMs < waitMs);
  assert.equal(limiter.snapshot().waiting, 2);
  await clock.advance(13_000);
  for (const call of waiting) (await call).release();
  assert.equal(createLimiter({ limits: { default: { rpm: 5 } }, clock }).estimate().waitMs, 0);
});

test("estimate takes the cost and model of the view, the run and the call", async () => {
  const limiter = createLimiter({ limits: { "claude-*": { itpm: 1_000 } } });
  const asked = await spied("estimate", async () => {
    limiter.tryAcquire().release();
    const view = limiter.with({ cost: { inputTokens: 5 }, model: "claude-1", tenant: "acme" });
    view.estimate();
    limiter.run({ priority: "low" }, () => view.estimate(3, { model: "claude-2", tenant: "beta" }));
    limiter.estimate();
  });
  assert.deepEqual(asked.map((args) => args.slice(2)), [
    [1, 5, 0, 0, 0, "acme"],
    [3, 0, 0, 0, -50, "beta"],
    [1, 0, 0, 0, 0, undefined],
  ]);
  assert.equal(asked[0][1], asked[1][1]);
  assert.notEqual(asked[0][1], asked[2][1]);
});

test("estimate throws what a call would be refused with", () => {
  const limiter = createLimiter({ limits: { default: { rpm: 10 } } });
  assert.throws(() => limiter.estimate(11), { code: "insufficient-capacity", limit: 10, cost: 11 });
  assert.throws(() => limiter.estimate(-1), { code: "invalid-option", option: "cost" });
  assert.throws(() => limiter.estimate(1, { prio: 1 }), { code: "invalid-option", option: "hints.prio" });
  limiter.close();
  assert.throws(() => limiter.estimate(), { code: "closed" });
});
