import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { getEventListeners } from "node:events";
import { test } from "node:test";
import { promisify } from "node:util";
import { createLimiter, isTidegateError } from "tidegate";
import { deferred, messagesAnswer, messagesCall, oneAtATime, settled, stateOf, upstream, VirtualClock } from "./support.mjs";

const listeners = (signal) => getEventListeners(signal, "abort").length;
const numbers = (count) => Array.from({ length: count }, (_, index) => index);

/** An endless generator that tells how far it was read, and whether it was told to stop. */
function counter() {
  const log = { read: 0, returned: 0 };
  function* count() {
    try {
      for (;;) yield log.read++;
    } finally {
      log.returned += 1;
    }
  }
  return { log, items: count() };
}

/** A requests limit with a burst of one. */
function onePerSecond(options) {
  const limits = { default: { limits: [{ dimension: "requests", amount: 1, periodMs: 1000 }] } };
  return createLimiter({ limits, seed: 1, ...options });
}

test("map answers in the order of the items, whichever ends first", async () => {
  const limiter = createLimiter();
  const ends = numbers(3).map(deferred);
  const seen = [];
  const all = limiter.map(["a", "b", "c"], async (item, index) => {
    seen.push([item, index]);
    await ends[index].promise;
    return item.toUpperCase();
  });
  for (const index of [2, 0, 1]) {
    await settled();
    ends[index].resolve();
  }
  assert.deepEqual(await all, ["A", "B", "C"]);
  assert.deepEqual(seen, [["a", 0], ["b", 1], ["c", 2]]);
});

test("map takes whatever can be iterated, and promises in it", async () => {
  const limiter = createLimiter();
  async function* steps() {
    yield 1;
    yield 2;
  }
  const double = (item) => item * 2;
  for (const items of [[1, 2], new Set([1, 2]), [1, 2].values(), steps(), [Promise.resolve(1), 2]]) {
    assert.deepEqual(await limiter.map(items, double), [2, 4]);
  }
  assert.deepEqual(await limiter.map([], double), []);
});

test("items run when the limits allow, each for its cost", async () => {
  const clock = new VirtualClock();
  const limiter = createLimiter({ limits: { default: { limits: [{ dimension: "custom", amount: 10, periodMs: 1000 }] } }, clock, seed: 1 });
  const starts = [];
  const all = limiter.map([10, 5, 5, 10], () => starts.push(clock.time), { cost: (item) => ({ custom: item }) });
  await clock.advance(5000);
  await all;
  assert.deepEqual(starts, [0, 500, 1000, 2000]);
});

test("items are read only as their turn comes near, and a generator is told when no more are wanted", async () => {
  const limiter = oneAtATime();
  const { log, items } = counter();
  const controller = new AbortController();
  let running = deferred();
  let begun = 0;
  const all = limiter.map(items, async () => {
    begun += 1;
    await running.promise;
  }, { ahead: 3, signal: controller.signal });
  all.catch(() => {});
  await settled();
  assert.equal(begun, 1);
  assert.ok(log.read >= 3 && log.read <= 4, `read ${log.read}`);
  for (let round = 0; round < 5; round++) {
    const before = running;
    running = deferred();
    before.resolve();
    await settled();
  }
  assert.equal(begun, 6);
  assert.ok(log.read <= begun + 3, `read ${log.read}`);
  assert.equal(log.returned, 0);
  controller.abort("enough");
  await assert.rejects(all, (reason) => reason === "enough");
  assert.equal(log.returned, 1);
});

test("a call through the item's view takes the item's place: nothing is counted twice, and nothing waits for itself", async () => {
  const clock = new VirtualClock();
  const fetch = upstream(() => messagesAnswer());
  const day = { dimension: "requests", amount: 20, periodMs: 86_400_000, enforcement: "fixed-window" };
  const limits = { default: { limits: [day, { dimension: "concurrency", amount: 1 }] } };
  const limiter = createLimiter({ fetch, limits, clock, seed: 1 });
  const all = limiter.map(numbers(20), async (item, _index, { limiter: view }) => {
    await Promise.resolve();
    const response = await view.fetch(...messagesCall());
    await response.json();
    return item;
  }, { ahead: 4 });
  await clock.advance(3_600_000);
  assert.deepEqual(await all, numbers(20));
  assert.equal(fetch.calls.length, 20);
  assert.equal(limiter.tryAcquire(), undefined, "the quota of twenty was used by twenty");
});

test("acquire, tryAcquire and schedule through the view take the item's place as well", async () => {
  for (const call of [
    async (view) => (await view.acquire()).release(),
    async (view) => view.tryAcquire()?.release(),
    (view) => view.schedule(() => {}),
    (view) => view.with({ priority: "high" }).schedule(() => {}),
    (view) => view.map([1, 2], (_item, _index, { limiter }) => limiter.schedule(() => {})),
  ]) {
    const limiter = oneAtATime();
    await limiter.map(numbers(5), (_item, _index, { limiter: view }) => call(view));
    assert.equal(limiter.snapshot().scopes[0].inFlight, 0);
    limiter.tryAcquire().release();
  }
});

test("a permit that a call took the place of costs nothing, and one that none did is charged", async () => {
  const limiter = createLimiter({ limits: { default: { limits: [{ dimension: "custom", amount: 100, periodMs: 86_400_000 }] } } });
  const left = () => Math.round(limiter.snapshot().scopes[0].limits[0].available);
  await limiter.map([1], (_item, _index, { limiter: view }) => view.schedule(() => {}, { cost: { custom: 7 } }), { cost: { custom: 50 } });
  assert.equal(left(), 93);
  await limiter.map([1], () => {}, { cost: { custom: 50 } });
  assert.equal(left(), 43);
  await limiter.map([1], (_item, _index, { permit }) => permit.settle({ custom: 3 }), { cost: { custom: 40 } });
  assert.equal(left(), 40);
});

test("items get ready while others call, as many as may be ahead", async () => {
  const clock = new VirtualClock();
  const { log, items } = counter();
  const limiter = createLimiter({ fetch: () => new Promise(() => {}), limits: { default: { concurrency: 2 } }, clock, seed: 1 });
  const controller = new AbortController();
  const all = limiter.map(items, async (_item, _index, { limiter: view }) => {
    await Promise.resolve();
    await view.fetch(...messagesCall());
  }, { ahead: 5, signal: controller.signal });
  all.catch(() => {});
  await clock.advance(0);
  const { waiting, scopes } = limiter.snapshot();
  assert.deepEqual([scopes[0].inFlight, waiting, log.read], [2, 5, 7]);
  controller.abort();
  await settled();
  assert.equal(limiter.snapshot().waiting, 0);
});

test("once an item has called through its view, others get ready without waiting for a place of their own", async () => {
  const limiter = oneAtATime({ fetch: () => new Promise(() => {}) });
  const { items } = counter();
  const controller = new AbortController();
  let begun = 0;
  const all = limiter.map(items, async (item, _index, { limiter: view }) => {
    begun += 1;
    if (item === 0) await view.fetch(...messagesCall());
    return new Promise(() => {});
  }, { ahead: 5, signal: controller.signal });
  all.catch(() => {});
  await settled();
  assert.equal(begun, 6);
  controller.abort();
});

test("an item is no longer ahead when its call starts, at once or out of the queue", async () => {
  const limiter = oneAtATime();
  const { items, log } = counter();
  const first = deferred();
  const controller = new AbortController();
  const all = limiter.map(items, async (item, _index, { limiter: view }) => {
    const permit = await view.acquire();
    if (item === 0) await first.promise;
    if (item <= 1) permit.release();
    return new Promise(() => {});
  }, { ahead: 1, signal: controller.signal });
  all.catch(() => {});
  await settled();
  assert.deepEqual([log.read, limiter.snapshot().waiting], [2, 1]);
  first.resolve();
  await settled();
  assert.deepEqual([log.read, limiter.snapshot().waiting], [4, 1]);
  controller.abort();
});

test("where nothing limits, no more items begin than may be ahead before one has shown what it does", async () => {
  const limiter = createLimiter();
  const { log, items } = counter();
  const first = deferred();
  const controller = new AbortController();
  const all = limiter.map(items, (_item, index) => (index === 0 ? first.promise : new Promise(() => {})), {
    ahead: 10,
    signal: controller.signal,
  });
  all.catch(() => {});
  await settled();
  assert.equal(log.read, 10);
  controller.abort();
});

test("what is in flight is bounded by the limits alone", async () => {
  const limiter = createLimiter({ limits: { default: { concurrency: 50 } } });
  let most = 0;
  let running = 0;
  await limiter.map(numbers(200), async (item) => {
    most = Math.max(most, ++running);
    if (item > 0) await settled();
    running -= 1;
  }, { ahead: 2 });
  assert.equal(most, 50);
});

test("the first failure gives up the others, waits for them, and rejects with its index, its cause and what was done", async () => {
  const limiter = createLimiter({ limits: { default: { concurrency: 3 } } });
  const { log, items } = counter();
  const cause = new TypeError("mine");
  const cleaned = deferred();
  const bad = deferred();
  const all = limiter.map(items, async (item, _index, { signal }) => {
    if (item === 0) return "done";
    if (item === 2) return bad.promise;
    await new Promise((resolve) => signal.addEventListener("abort", resolve));
    await cleaned.promise;
    return "late";
  });
  await settled();
  bad.reject(cause);
  assert.equal(await stateOf(all), "pending", "the others have not ended");
  assert.equal(limiter.snapshot().waiting, 0);
  cleaned.resolve();
  const error = await all.catch((thrown) => thrown);
  assert.ok(isTidegateError(error, "map-failed"));
  assert.equal(error.name, "MapError");
  assert.equal(error.index, 2);
  assert.equal(error.cause, cause);
  assert.deepEqual(error.errors, [{ index: 2, error: cause }]);
  assert.equal(error.results[0], "done");
  assert.equal(error.results[2], undefined);
  assert.ok(!error.message.includes("mine"));
  assert.equal(log.returned, 1);
  assert.equal(limiter.snapshot().scopes[0].inFlight, 0);
});

test("a failure waits for what an async generator has to clean up, but not for one that is busy", async () => {
  const limiter = createLimiter();
  const cleaned = deferred();
  const failing = (item) => {
    if (item === 1) throw new Error("no");
  };
  async function* tidy() {
    try {
      for (let item = 0; ; item++) yield item;
    } finally {
      await cleaned.promise;
    }
  }
  const waits = limiter.map(tidy(), failing, { ahead: 1 });
  assert.equal(await stateOf(waits), "pending");
  cleaned.resolve();
  await assert.rejects(waits, { code: "map-failed", index: 1 });
  async function* stuck() {
    yield 1;
    await new Promise(() => {});
  }
  await assert.rejects(limiter.map(stuck(), failing), { code: "map-failed", index: 0 });
});

test("without stopOnError all items run, and every failure is told by its index", async () => {
  const limiter = oneAtATime();
  const error = await limiter.map(numbers(6), (item) => {
    if (item % 2 === 1) throw item;
    return item;
  }, { stopOnError: false }).catch((thrown) => thrown);
  assert.equal(error.code, "map-failed");
  assert.equal(error.index, 1);
  assert.deepEqual(error.results, [0, undefined, 2, undefined, 4, undefined]);
  assert.deepEqual(error.errors, [1, 3, 5].map((index) => ({ index, error: index })));
  assert.equal(limiter.snapshot().scopes[0].inFlight, 0);
});

test("an abort rejects at once with its reason, frees every place, and leaves no listener", async () => {
  for (const own of [true, false]) {
    const limiter = oneAtATime();
    const controller = new AbortController();
    const { signal } = controller;
    const inside = deferred();
    const base = own ? limiter : limiter.with({ signal });
    const all = base.map(numbers(10), (_item, _index, turn) => {
      inside.resolve(turn);
      return new Promise((_resolve, reject) => turn.signal.addEventListener("abort", () => reject(turn.signal.reason)));
    }, own ? { signal } : {});
    const turn = await inside.promise;
    await settled();
    assert.equal(limiter.snapshot().waiting, 9);
    const reason = new Error("changed my mind");
    controller.abort(reason);
    assert.equal(limiter.snapshot().waiting, 0);
    await assert.rejects(all, (error) => error === reason);
    assert.equal(turn.signal.reason, reason);
    await settled();
    const { waiting, scopes } = limiter.snapshot();
    assert.deepEqual([waiting, scopes[0].inFlight], [0, 0]);
    assert.equal(listeners(signal), 0);
  }
});

test("an abort at any moment leaves nothing behind", async () => {
  const through = (_item, _index, { limiter: view }) => view.schedule(() => undefined);
  for (const task of [through, () => undefined, () => settled()]) {
    for (let turns = 0; turns < 40; turns++) {
      const limiter = oneAtATime();
      const { log, items } = counter();
      const controller = new AbortController();
      const all = limiter.map(items, task, { signal: controller.signal, ahead: 3 });
      for (let turn = 0; turn < turns; turn++) await undefined;
      controller.abort("gone");
      await assert.rejects(all, (reason) => reason === "gone");
      await settled();
      const { waiting, scopes } = limiter.snapshot();
      assert.deepEqual([waiting, scopes[0].inFlight, listeners(controller.signal)], [0, 0, 0], `after ${turns} turns`);
      if (log.read > 0) assert.equal(log.returned, 1);
    }
  }
});

test("a signal that has aborted already rejects, and nothing is read", async () => {
  const { log, items } = counter();
  await assert.rejects(createLimiter().map(items, () => {}, { signal: AbortSignal.abort("no") }), (reason) => reason === "no");
  assert.equal(log.read, 0);
});

test("a map that ends leaves no listener on its signal", async () => {
  const limiter = oneAtATime();
  const { signal } = new AbortController();
  await limiter.map(numbers(5), () => {}, { signal });
  await limiter.map(numbers(5), () => Promise.reject(new Error("no")), { signal }).catch(() => {});
  await limiter.map(numbers(5), (_item, _index, { limiter: view }) => view.schedule(() => {}), { signal });
  assert.equal(listeners(signal), 0);
});

test("calls through the view end with the map, also when the task passes no signal on", async () => {
  const aborted = deferred();
  const fetch = (_url, { signal }) =>
    new Promise((_resolve, reject) => signal.addEventListener("abort", () => reject(aborted.resolve(signal.reason) ?? signal.reason)));
  const limiter = createLimiter({ fetch });
  const all = limiter.map([0, 1], async (item, _index, { limiter: view }) => {
    if (item === 0) return view.fetch(...messagesCall());
    await settled();
    throw new Error("no");
  });
  await assert.rejects(all, { index: 1 });
  assert.equal((await aborted.promise).name, "AbortError");
});

test("close ends a map that would go on for ever, whatever stopOnError says", async () => {
  for (const stopOnError of [true, false]) {
    for (const through of [true, false]) {
      const limiter = oneAtATime();
      const { log, items } = counter();
      const all = limiter.map(items, async (item, _index, { limiter: view }) => {
        if (item === 3) limiter.close();
        if (through) await view.schedule(() => {});
      }, { stopOnError });
      const error = await all.catch((thrown) => thrown);
      assert.equal(error.code, "map-failed");
      assert.equal(error.cause.code, "closed");
      assert.equal(log.returned, 1);
    }
  }
});

test("items that cannot be read end the map with the index of the one that could not", async () => {
  const limiter = createLimiter();
  const cause = new Error("file is gone");
  async function* broken() {
    yield "a";
    throw cause;
  }
  for (const stopOnError of [true, false]) {
    const error = await limiter.map(broken(), (item) => item, { stopOnError }).catch((thrown) => thrown);
    assert.deepEqual([error.code, error.index, error.cause], ["map-failed", 1, cause]);
  }
  const rejected = Promise.reject(cause);
  await assert.rejects(limiter.map([1, rejected], (item) => item), { index: 1, cause });
});

test("a cost that its function gets wrong fails the item, by its field", async () => {
  const limiter = createLimiter();
  const error = await limiter.map([1, 2], () => "done", { cost: (item) => -item, stopOnError: false }).catch((thrown) => thrown);
  assert.deepEqual(error.errors.map(({ error: { option } }) => option), ["options.cost", "options.cost"]);
});

test("hints are for every item and for every call through its view", async () => {
  const limiter = oneAtATime();
  const order = [];
  const held = await limiter.acquire();
  const low = limiter.map([1], () => order.push("low"), { priority: "low" });
  const normal = limiter.map([1], () => order.push("normal"));
  const high = limiter.with({ priority: "high" }).map([1], () => order.push("high"));
  await settled();
  held.release();
  await Promise.all([low, normal, high]);
  assert.deepEqual(order, ["high", "normal", "low"]);
  const fetch = upstream(() => messagesAnswer());
  const other = createLimiter({ fetch, limits: { default: { concurrency: 1 } } });
  const error = await other.map([1, 2], async (_item, index, { limiter: view, signal }) => {
    const given = new Promise((resolve) => signal.addEventListener("abort", resolve));
    return index === 0 ? view.schedule(() => given) : view.fetch(...messagesCall());
  }, { deadlineMs: 0 }).catch((thrown) => thrown);
  assert.equal(error.cause.code, "deadline-exceeded");
});

test("a call takes the item's place, by whatever view of the limiter it is made, also after awaits", async () => {
  const fetch = upstream(() => messagesAnswer());
  const limiter = createLimiter({ fetch, limits: { default: { concurrency: 1 } } });
  const others = limiter.with({ priority: "high" });
  const before = createLimiter({ fetch, limits: { default: { concurrency: 1 } } });
  const results = await limiter.map(numbers(5), async (item, index) => {
    await settled();
    const view = index % 2 === 0 ? limiter : others;
    const answer = await view.fetch(...messagesCall());
    await answer.text();
    // One limiter's item is nothing to another.
    await before.schedule(() => settled());
    return item;
  });
  assert.deepEqual(results, numbers(5));
  assert.equal(fetch.calls.length, 5);
  assert.equal(limiter.snapshot().inFlight, 0);
});

test("calls that an item makes by any view end when the map is given up", async () => {
  const limiter = createLimiter({ fetch: upstream(() => new Promise(() => {})) });
  const reason = new Error("enough");
  const controller = new AbortController();
  const seen = [];
  const all = limiter.map([1], () => limiter.fetch(...messagesCall()).catch((error) => seen.push(error)), { signal: controller.signal });
  await settled();
  controller.abort(reason);
  await assert.rejects(all, reason);
  await settled();
  assert.deepEqual(seen, [reason]);
});

test("progress is told four times a second at most, and at the end, with the rate and the time that is left", async () => {
  const clock = new VirtualClock();
  const limiter = onePerSecond({ clock });
  const seen = [];
  const all = limiter.map(numbers(60), () => {}, { onProgress: (progress) => seen.push({ ...progress, at: clock.time }) });
  await clock.advance(60_000);
  await all;
  assert.ok(seen.length >= 60 && seen.length <= 62, `${seen.length} reports`);
  const middle = seen.find(({ done }) => done === 31);
  assert.equal(middle.at, 30_000);
  assert.ok(Math.abs(middle.ratePerSecond - 1) < 0.1, String(middle.ratePerSecond));
  assert.ok(Math.abs(middle.etaMs - 29_000) < 3000, String(middle.etaMs));
  assert.deepEqual([middle.failed, middle.total, middle.running, middle.ahead], [0, 60, 0, 29]);
  const last = seen.at(-1);
  assert.deepEqual([last.done, last.etaMs, last.running, last.ahead], [60, 0, 0, 0]);
});

test("many items in a moment make one report now and one when a quarter of a second has passed", async () => {
  const clock = new VirtualClock();
  const limiter = createLimiter({ clock });
  const seen = [];
  const pending = deferred();
  const all = limiter.map(numbers(1000), (item) => (item === 999 ? pending.promise : undefined), {
    onProgress: ({ done, total, etaMs }) => seen.push([clock.time, done, total, etaMs === undefined]),
  });
  await clock.advance(1000);
  assert.deepEqual(seen, [[0, 1, 1000, true], [250, 999, 1000, false]]);
  pending.resolve();
  await all;
  assert.deepEqual(seen.at(-1).slice(0, 3), [1000, 1000, 1000]);
  assert.equal(clock.armed, 0);
});

test("nothing is told after the end", async () => {
  const clock = new VirtualClock();
  const limiter = createLimiter({ clock });
  let told = 0;
  await limiter.map(numbers(3), () => {}, { onProgress: () => (told += 1) });
  assert.deepEqual([told, clock.armed], [2, 0]);
  await clock.advance(1000);
  assert.equal(told, 2);
});

test("the rate forgets what was long ago", async () => {
  const clock = new VirtualClock();
  const limiter = createLimiter({ clock });
  let last;
  async function* items() {
    for (let item = 0; item < 1000; item++) yield item;
    for (let item = 0; item < 60; item++) {
      await new Promise((resolve) => clock.setTimer(resolve, 1000));
      yield item;
    }
  }
  const all = limiter.map(items(), () => {}, { onProgress: (progress) => (last = progress), total: 1060 });
  await clock.advance(50_000);
  assert.ok(Math.abs(last.ratePerSecond - 1) < 0.1, String(last.ratePerSecond));
  await clock.advance(20_000);
  await all;
  assert.equal(last.total, 1060);
});

test("the total is not known of a generator until it has ended, unless it is said", async () => {
  const limiter = createLimiter();
  const totals = [];
  await limiter.map(numbers(3).values(), () => {}, { onProgress: ({ total }) => totals.push(total), ahead: 1 });
  assert.deepEqual([totals[0], totals.at(-1)], [undefined, 3]);
  const said = [];
  await limiter.map(numbers(3).values(), () => {}, { onProgress: ({ total }) => said.push(total), ahead: 1, total: 3 });
  assert.equal(said[0], 3);
});

test("failures are counted, and an aborted map tells its last state", async () => {
  const limiter = createLimiter();
  let last;
  const onProgress = (progress) => (last = progress);
  await limiter.map(numbers(5), (item) => {
    if (item === 3) throw new Error("no");
  }, { stopOnError: false, onProgress }).catch(() => {});
  assert.deepEqual([last.done, last.failed], [4, 1]);
  const controller = new AbortController();
  const all = limiter.map(numbers(3), (item) => (item === 0 ? 1 : new Promise(() => {})), { onProgress, signal: controller.signal });
  await settled();
  controller.abort("x");
  await assert.rejects(all, (reason) => reason === "x");
  assert.deepEqual([last.done, last.running], [1, 2]);
});

test("a progress callback that throws is reported as uncaught and stops nothing", async () => {
  const code = `
    import { createLimiter } from "tidegate";
    process.on("uncaughtException", (error) => console.log("uncaught", error.message));
    const results = await createLimiter().map([1, 2], (item) => item, { onProgress: () => { throw new Error("mine"); } });
    console.log(JSON.stringify(results));`;
  const { stdout } = await promisify(execFile)(process.execPath, ["--input-type=module", "--eval", code]);
  assert.deepEqual(new Set(stdout.trim().split("\n")), new Set(["uncaught mine", "[1,2]"]));
});

test("wrong arguments are named with the fix, and nothing is read", async () => {
  const limiter = createLimiter();
  const wrong = [
    [[7, () => {}], "items"],
    [[undefined, () => {}], "items"],
    [[[1], "task"], "task"],
    [[[1], () => {}, null], "options"],
    [[[1], () => {}, { concurrency: 5 }], "options.concurrency"],
    [[[1], () => {}, { ahead: 0 }], "options.ahead"],
    [[[1], () => {}, { ahead: 1.5 }], "options.ahead"],
    [[[1], () => {}, { stopOnError: "yes" }], "options.stopOnError"],
    [[[1], () => {}, { total: -1 }], "options.total"],
    [[[1], () => {}, { onProgress: true }], "options.onProgress"],
    [[[1], () => {}, { cost: -1 }], "options.cost"],
    [[[1], () => {}, { priority: "urgent" }], "options.priority"],
  ];
  for (const [args, option] of wrong) {
    await assert.rejects(limiter.map(...args), { name: "OptionError", code: "invalid-option", option });
  }
});

test("a long job holds no more than what is in flight and its results", async () => {
  const limiter = createLimiter({ limits: { default: { concurrency: 10 } } });
  const { log, items } = counter();
  const controller = new AbortController();
  let most = 0;
  let begun = 0;
  const all = limiter.map(items, async (item) => {
    begun += 1;
    most = Math.max(most, log.read - begun);
    await undefined;
    if (item === 20_000) controller.abort("enough");
  }, { signal: controller.signal });
  await assert.rejects(all, (reason) => reason === "enough");
  assert.ok(most <= 101, `${most} ahead`);
});
