// The driver of Cloudflare Workers, where requests share a limiter and nothing else. Their contexts are played by those of
// AsyncLocalStorage: a timer and the continuation of a promise run in the context in which they were made, as in Workers.
import assert from "node:assert/strict";
import { AsyncLocalStorage } from "node:async_hooks";
import { test } from "node:test";
import { createLimiter } from "tidegate";
import { CoreLimiter, deferred, messagesAnswer, messagesCall, scriptedBody, settled, spied, stateOf, upstream, VirtualClock } from "./support.mjs";

const glue = (file) => import(new URL(`../glue/${file}`, import.meta.resolve("tidegate")).href);
const { loadedCore, provideCore } = await glue("core.js");
const { IsolateDriver } = await glue("isolate-driver.js");

const current = new AsyncLocalStorage();

/** Asserts that each caller learns in an event of its own what came of its wait. */
class WatchedDriver extends IsolateDriver {
  /** Of a request that has vanished, nothing runs any more. */
  look(...args) {
    if (!current.getStore()?.vanished) super.look(...args);
  }

  onStart(now, ticket, onWait, started) {
    const own = current.getStore();
    super.onStart(now, ticket, onWait, (outcome) => {
      assert.equal(current.getStore(), own, "told in another request's event");
      started(outcome);
    });
  }
}
provideCore(loadedCore(), WatchedDriver);

/** Timers that belong to requests: they run in them, and vanish with them. */
class IsolateClock extends VirtualClock {
  /** How many timers each request has now. */
  timers = new Map();
  /** The most that any request ever had. */
  most = 0;
  fired = 0;
  setTimer = ((set) => (fire, delayMs) => {
    const request = current.getStore();
    if (request === undefined) throw new Error("Disallowed operation called within global scope");
    this.#count(request, 1);
    const fires = () => {
      if (request.vanished) return;
      this.#count(request, -1);
      this.fired += 1;
      current.run(request, fire);
    };
    return { id: set(fires, delayMs), request };
  })(this.setTimer);
  clearTimer = ((clear) => ({ id, request }) => {
    // Another request's timer cannot be cleared: nothing happens.
    if (current.getStore() !== request) return;
    this.#count(request, -1);
    clear(id);
  })(this.clearTimer);

  #count(request, change) {
    const count = (this.timers.get(request) ?? 0) + change;
    this.timers.set(request, count);
    this.most = Math.max(this.most, count);
  }
}

/** One request that the isolate serves. */
class IncomingRequest {
  vanished = false;

  serve(handler) {
    return current.run(this, handler);
  }
}

function request(handler) {
  const made = new IncomingRequest();
  return { made, answer: made.serve(handler) };
}

/** Both kinds of runtime: those that pass resolutions on to the request that they are for, and those that do not. */
function inBothRuntimes(name, run) {
  for (const passesOn of [true, false]) {
    test(`${name} (${passesOn ? "called" : "by looking"})`, async (context) => {
      globalThis.Cloudflare = { compatibilityFlags: { handle_cross_request_promise_resolution: passesOn } };
      context.after(() => delete globalThis.Cloudflare);
      const clock = new IsolateClock();
      await run({ clock, passesOn, limiter: (options) => createLimiter({ clock, seed: 1, ...options }) });
    });
  }
}

/** So many requests a minute, and so many at once. */
const bucket = (amount, burst) => ({ limits: [{ dimension: "requests", amount, periodMs: 60_000, burst }] });

const ONE_AT_A_TIME = { limits: { default: { concurrency: 1 } } };

inBothRuntimes("each caller has one timer of its own, and learns of its start in an event of its own", async ({ clock, limiter }) => {
  const shared = limiter(ONE_AT_A_TIME);
  const order = [];
  const requests = Array.from({ length: 20 }, (_, index) =>
    request(async () => {
      const permit = await shared.acquire();
      assert.equal(current.getStore(), requests[index].made);
      order.push(index);
      await new Promise((resolve) => clock.setTimer(resolve, 100));
      permit.release();
    }),
  );
  await clock.advance(10_000);
  for (const { answer } of requests) assert.equal(await stateOf(answer), "fulfilled");
  assert.deepEqual(order, [...requests.keys()]);
  // The other one is the task's.
  assert.equal(clock.most, 2);
  assert.equal(clock.armed, 0);
});

inBothRuntimes("a caller starts soon after another request made room", async ({ clock, limiter, passesOn }) => {
  const shared = limiter(ONE_AT_A_TIME);
  const holder = request(() => shared.acquire());
  const permit = await holder.answer;
  let startedAt;
  const waits = request(async () => {
    await shared.acquire();
    startedAt = clock.time;
  });
  await clock.advance(30_000);
  holder.made.serve(() => permit.release());
  await clock.advance(100);
  assert.equal(await stateOf(waits.answer), "fulfilled");
  assert.ok(startedAt - 30_000 <= (passesOn ? 0 : 50), String(startedAt));
});

inBothRuntimes("a thousand who wait do not look all the time, and start when their quota is there", async ({ clock, limiter }) => {
  const shared = limiter({ limits: { default: bucket(60, 1) } });
  const starts = [];
  const requests = Array.from({ length: 1000 }, () =>
    request(async () => {
      const permit = await shared.acquire();
      starts.push(clock.time);
      permit.release();
    }),
  );
  clock.fired = 0;
  await clock.advance(10_000);
  assert.ok(starts.length >= 10, String(starts.length));
  starts.slice(1).forEach((at, index) => assert.ok(at - starts[index] <= 1100, `${starts[index]} to ${at}`));
  assert.ok(clock.fired / 10 < 700, `${clock.fired} looks in ten seconds`);
  requests.forEach(({ made }) => (made.vanished = true));
});

inBothRuntimes("a request that vanishes from the head of the queue gives up its place, and is charged nothing", async ({ clock, limiter }) => {
  const shared = limiter({ limits: { default: { concurrency: 1, rpd: 2 } } });
  const holder = request(() => shared.acquire());
  const permit = await holder.answer;
  const gone = request(() => shared.acquire());
  const waits = request(() => shared.acquire());
  await settled();
  gone.made.vanished = true;
  holder.made.serve(() => permit.release());
  await clock.advance(15_000);
  assert.equal(await stateOf(waits.answer), "fulfilled", "the second of the day's two");
  waits.made.serve(async () => (await waits.answer).release());
  await clock.advance(30_000);
  assert.deepEqual([shared.snapshot().inFlight, shared.snapshot().waiting], [0, 0]);
});

inBothRuntimes("what a vanished request has in flight ends, and a long one that is there goes on", async ({ clock, limiter }) => {
  const shared = limiter({ limits: { default: { concurrency: 2 } } });
  const gone = request(() => shared.acquire());
  const long = request(() => shared.acquire());
  await settled();
  gone.made.vanished = true;
  const waits = request(() => shared.acquire());
  await clock.advance(25_000);
  assert.equal(await stateOf(waits.answer), "fulfilled");
  await clock.advance(600_000);
  assert.equal(shared.snapshot().inFlight, 2);
  assert.equal(shared.tryAcquire(), undefined);
  long.made.serve(async () => (await long.answer).release());
  await settled();
  assert.equal(shared.snapshot().inFlight, 1);
});

inBothRuntimes("permits that only vanished requests hold come back to who asks without waiting", async ({ clock, limiter }) => {
  const shared = limiter(ONE_AT_A_TIME);
  const gone = request(() => shared.acquire());
  await gone.answer;
  gone.made.vanished = true;
  let permit;
  for (let second = 0; second < 25 && permit === undefined; second++) {
    await clock.advance(1000);
    permit = request(() => shared.tryAcquire()).answer;
  }
  assert.notEqual(permit, undefined);
});

inBothRuntimes("a stream whose request vanishes settles in the end", async ({ clock, limiter }) => {
  const { stream } = scriptedBody([new TextEncoder().encode('{"type":"message","usage":{"input_tokens":8,')], { end: false });
  const headers = { "content-type": "application/json" };
  const shared = limiter({ ...ONE_AT_A_TIME, fetch: upstream(() => new Response(stream, { headers }), () => messagesAnswer()) });
  const gone = request(async () => {
    const response = await shared.fetch(...messagesCall());
    const reader = response.body.getReader();
    await reader.read();
    return reader;
  });
  await clock.advance(60_000);
  assert.equal(shared.snapshot().inFlight, 1, "a stream that is read on lasts as long as it likes");
  const reader = await gone.answer;
  gone.made.vanished = true;
  const next = request(() => shared.fetch(...messagesCall()));
  await clock.advance(25_000);
  assert.equal(await stateOf(next.answer), "fulfilled");
  assert.ok(reader);
});

inBothRuntimes("a request refused by the server waits and is sent again by its own timers", async ({ clock, limiter }) => {
  const fetch = upstream(
    () => new Response("", { status: 429, headers: { "retry-after": "2" } }),
    () => messagesAnswer(),
  );
  const shared = limiter({ fetch });
  const first = request(() => shared.fetch(...messagesCall()));
  await clock.advance(1000);
  const second = request(() => shared.fetch(...messagesCall()));
  await clock.advance(30_000);
  for (const { answer } of [first, second]) assert.equal((await answer).status, 200);
  assert.equal(fetch.calls.length, 3);
});

inBothRuntimes("deadlines, aborts and the end are told in events of the caller's own", async ({ clock, limiter }) => {
  const shared = limiter(ONE_AT_A_TIME);
  request(() => shared.tryAcquire());
  const hasty = request(() => shared.acquire(1, { deadlineMs: 1000 }));
  const controller = new AbortController();
  const aborting = request(() => shared.acquire(1, { signal: controller.signal }));
  const patient = request(() => shared.acquire());
  for (const { answer } of [hasty, aborting, patient]) answer.catch(() => {});
  await clock.advance(1000);
  await assert.rejects(hasty.answer, { code: "deadline-exceeded" });
  aborting.made.serve(() => controller.abort(new Error("enough")));
  await assert.rejects(aborting.answer, { message: "enough" });
  request(() => shared.close());
  await clock.advance(2000);
  await assert.rejects(patient.answer, { code: "closed" });
});

inBothRuntimes("an abort leaves no timer, whether the call waits or was just told that it starts", async ({ clock, limiter }) => {
  const shared = limiter(ONE_AT_A_TIME);
  const holder = request(() => shared.acquire());
  const permit = await holder.answer;
  const controller = new AbortController();
  const waits = request(() => shared.acquire(1, { signal: controller.signal }));
  waits.answer.catch(() => {});
  await settled();
  holder.made.serve(() => permit.release());
  waits.made.serve(() => controller.abort(new Error("enough")));
  await assert.rejects(waits.answer, { message: "enough" });
  await settled();
  assert.equal(shared.snapshot().inFlight, 0);
  assert.equal(clock.armed, 0);
});

inBothRuntimes("drain resolves for each that asked, in its own event", async ({ clock, limiter }) => {
  const shared = limiter(ONE_AT_A_TIME);
  const holder = request(() => shared.acquire());
  const permit = await holder.answer;
  const drains = [1, 2].map(() => {
    const drain = request(async () => {
      await shared.drain();
      return current.getStore();
    });
    return drain;
  });
  await clock.advance(5000);
  assert.equal(await stateOf(drains[0].answer), "pending");
  holder.made.serve(() => permit.release());
  await clock.advance(1000);
  for (const { made, answer } of drains) assert.equal(await answer, made);
});

inBothRuntimes("a drain ends although the last to end has vanished", async ({ clock, limiter }) => {
  const shared = limiter(ONE_AT_A_TIME);
  const gone = request(() => shared.acquire());
  await gone.answer;
  gone.made.vanished = true;
  const drain = request(() => shared.drain());
  await clock.advance(25_000);
  assert.equal(await stateOf(drain.answer), "fulfilled");
});

inBothRuntimes("onWait is told in the caller's own event and run, once a second at most", async ({ clock, limiter }) => {
  const shared = limiter({ limits: { default: bucket(6, 1) } });
  request(() => shared.tryAcquire());
  const told = [];
  const waiting = [1, 2, 3].map(() => {
    const made = request(() =>
      shared.acquire(1, { onWait: ({ position, waitMs }) => told.push([current.getStore(), position, waitMs, clock.time]) }),
    );
    return made;
  });
  await settled();
  assert.deepEqual(told.map(([, position, waitMs]) => [position, waitMs]), [[0, 10_000], [1, 20_000], [2, 30_000]]);
  assert.deepEqual(told.map(([own]) => own), waiting.map(({ made }) => made));
  const looks = await spied("outlook", async () => {
    shared.tryAcquire();
    await clock.advance(9500);
  });
  assert.ok(looks.length <= 3 * 10, `${looks.length} times asked`);
  const first = told.filter(([own]) => own === waiting[0].made).map(([, , , at]) => at);
  assert.ok(first.length > 3, String(first));
  first.slice(1).forEach((at, index) => assert.ok(at - first[index] >= 1000, String(first)));
  await clock.advance(30_000);
  for (const { answer } of waiting) assert.equal(await stateOf(answer), "fulfilled");
});

inBothRuntimes("dedupe shares no answer between requests, but inside of one run", async ({ limiter }) => {
  const fetch = upstream(async () => {
    await settled();
    return messagesAnswer();
  });
  const shared = limiter({ fetch }).with({ dedupe: true });
  const call = () => shared.fetch(...messagesCall());
  const both = [request(call), request(call)];
  for (const { answer } of both) assert.equal((await (await answer).json()).type, "message");
  assert.equal(fetch.calls.length, 2);
  const { answer } = request(() => shared.run({}, () => Promise.all([call(), call()])));
  for (const response of await answer) assert.equal((await response.json()).type, "message");
  assert.equal(fetch.calls.length, 3);
});

inBothRuntimes("a limiter made at module scope, where the clock says 0 and there are no timers, works in requests", async ({ clock, limiter }) => {
  const shared = limiter({ limits: { default: bucket(60, 2) } });
  shared.tryAcquire()?.release();
  assert.notEqual(shared.tryAcquire(), undefined);
  await assert.rejects(shared.acquire(), /global scope/);
  assert.equal(shared.snapshot().waiting, 0);
  clock.jump(1_795_777_841_206);
  const starts = [];
  const begin = clock.time;
  const requests = [1, 2, 3, 4].map(() =>
    request(async () => {
      await shared.acquire();
      starts.push(clock.time - begin);
    }),
  );
  await clock.advance(2100);
  for (const { answer } of requests) assert.equal(await stateOf(answer), "fulfilled");
  assert.deepEqual(starts.slice(0, 2), [0, 0]);
  // So far from zero, a clock in milliseconds is true to a part of a microsecond, and waits are rounded up.
  for (const [index, due] of [[2, 1000], [3, 2000]]) assert.ok(Math.abs(starts[index] - due) <= 1, String(starts));
});

inBothRuntimes("a clock that stands still while a program computes starts nobody too early, and holds nobody up", async ({ clock, limiter }) => {
  const shared = limiter({ limits: { default: bucket(60, 1) } });
  const { answer } = request(async () => {
    const starts = [];
    for (let call = 0; call < 3; call++) {
      // As often as it asks: no time passes.
      for (let ask = 0; ask < 50; ask++) if (call > 0) assert.equal(shared.tryAcquire(), undefined);
      (await shared.acquire()).release();
      starts.push(clock.time);
    }
    return starts;
  });
  await clock.advance(3000);
  assert.deepEqual(await answer, [0, 1000, 2000]);
});

inBothRuntimes("an isolate that stood still for a minute gives nobody up", async ({ clock, limiter }) => {
  const shared = limiter(ONE_AT_A_TIME);
  const holder = request(() => shared.acquire());
  const permit = await holder.answer;
  const waits = [1, 2, 3].map(() =>
    request(async () => {
      (await shared.acquire()).release();
    }),
  );
  await settled();
  clock.time += 60_000;
  await clock.advance(30_000);
  holder.made.serve(() => permit.release());
  await clock.advance(1000);
  for (const { answer } of waits) assert.equal(await stateOf(answer), "fulfilled");
});

inBothRuntimes("when the core fails, everybody is told in an event of its own", async ({ clock, limiter }) => {
  const shared = limiter(ONE_AT_A_TIME);
  request(() => shared.tryAcquire());
  const waits = [1, 2].map(() => request(() => shared.acquire()));
  for (const { answer } of waits) answer.catch(() => {});
  await settled();
  const { snapshot } = CoreLimiter.prototype;
  CoreLimiter.prototype.snapshot = () => {
    throw new Error("broken");
  };
  try {
    assert.throws(() => shared.snapshot(), { code: "core-panicked" });
  } finally {
    CoreLimiter.prototype.snapshot = snapshot;
  }
  await clock.advance(10_000);
  for (const { answer } of waits) await assert.rejects(answer, { code: "core-panicked" });
  assert.equal(clock.armed, 0);
});

inBothRuntimes("a listener may call the limiter from inside its loop", async ({ clock, limiter }) => {
  const shared = limiter({ limits: { default: { concurrency: 10 } } });
  const inner = deferred();
  shared.on("unknown-model", ({ model }) => {
    if (model === "mystery") inner.resolve(shared.acquire(1, { model: "another" }));
  });
  const outer = request(() => shared.acquire(1, { model: "mystery" }));
  await clock.advance(10);
  assert.equal(await stateOf(outer.answer), "fulfilled");
  assert.equal(await stateOf(inner.promise), "fulfilled");
});
