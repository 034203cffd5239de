// Hints that follow the program: limiter.run.
import assert from "node:assert/strict";
import { AsyncLocalStorage } from "node:async_hooks";
import { test } from "node:test";
import { createLimiter } from "tidegate";
import { messagesAnswer, messagesCall, oneAtATime, settled, spied, upstream, VirtualClock } from "./support.mjs";

/** The arguments `priority`, `deadlineMs` and `tenant` of each request that `task` causes. */
async function hintsOf(task) {
  const asked = await spied("submitRequest", task);
  return asked.map((args) => ({ priority: args[6], deadlineMs: args[7], tenant: args[14] }));
}

const send = async (limiter, init) => void (await (await limiter.fetch(...messagesCall(init))).text());
const answering = (options) => createLimiter({ fetch: upstream(() => messagesAnswer()), ...options });
const NONE = { priority: 0, deadlineMs: Infinity, tenant: undefined };

test("run's hints hold for what the function causes, also after awaits and in timers, and for nothing else", async () => {
  const limiter = answering();
  const asked = await hintsOf(async () => {
    const inside = limiter.run({ priority: "high", tenant: "acme" }, async () => {
      await send(limiter);
      await settled();
      await send(limiter.with({}));
      await new Promise((resolve) => setTimeout(() => resolve(send(limiter)), 0));
    });
    await inside;
    await send(limiter);
  });
  const high = { ...NONE, priority: 50, tenant: "acme" };
  assert.deepEqual(asked, [high, high, high, NONE]);
});

test("run calls at once, and returns or throws what the function does", async () => {
  const limiter = createLimiter();
  assert.equal(limiter.run({}, () => 7), 7);
  assert.throws(() => limiter.run({}, () => { throw new Error("mine"); }), /mine/);
  assert.equal(await limiter.run({}, async () => "later"), "later");
  assert.throws(() => limiter.run({ priority: "urgent" }, () => assert.fail()), { option: "hints.priority" });
  assert.throws(() => limiter.run({}, 5), { option: "task" });
});

test("what is said nearer to the call wins: call, headers, view, run, run around it", async () => {
  const limiter = answering();
  const view = limiter.with({ priority: 3 });
  const asked = await hintsOf(() =>
    limiter.run({ priority: 1, tenant: "outer", deadlineMs: 900 }, () =>
      limiter.run({ priority: 2, tenant: "inner" }, async () => {
        await send(limiter);
        await send(view);
        await send(view, { headers: { "x-tidegate-priority": "4" } });
      }),
    ),
  );
  const inner = { tenant: "inner", deadlineMs: 900 };
  assert.deepEqual(asked, [2, 3, 4].map((priority) => ({ ...inner, priority })));
  const acquired = await spied("acquireNow", () =>
    limiter.run({ priority: 1 }, async () => (await view.acquire(1, { priority: 5 })).release()),
  );
  assert.equal(acquired[0][6], 5);
});

test("a run of a view has the view's hints too, over those of the runs around it", async () => {
  const limiter = answering();
  const view = limiter.with({ priority: "low", tenant: "view" });
  const asked = await hintsOf(() =>
    limiter.run({ priority: "high", deadlineMs: 5_000 }, () => view.run({ tenant: "run" }, () => send(limiter))),
  );
  assert.deepEqual(asked, [{ priority: -50, tenant: "run", deadlineMs: 5_000 }]);
});

test("runs side by side do not mix, and those of one limiter do not reach another", async () => {
  const one = answering();
  const other = answering();
  const task = (tenant) => one.run({ tenant }, async () => {
    await settled();
    await send(one);
    await send(other);
  });
  const asked = await hintsOf(() => Promise.all(["a", "b", "c"].map(task)));
  assert.deepEqual(asked.map(({ tenant }) => tenant ?? "none").sort(), ["a", "b", "c", "none", "none", "none"]);
});

test("cost, model and signal of a run are those of acquire, tryAcquire and schedule too", async () => {
  const limiter = createLimiter({ limits: { "claude-*": { itpm: 1_000 }, default: { rpm: 10 } } });
  const controller = new AbortController();
  const asked = await spied("acquireNow", () =>
    limiter.run({ cost: { inputTokens: 70 }, model: "claude-x", signal: controller.signal }, async () => {
      (await limiter.acquire()).release();
      limiter.with({ cost: { outputTokens: 5 } }).tryAcquire().release();
      limiter.tryAcquire(2).release();
      await limiter.schedule(() => controller.abort("enough"));
      await assert.rejects(limiter.acquire(), (reason) => reason === "enough");
    }),
  );
  assert.deepEqual(asked.map((args) => args.slice(2, 6)), [[1, 70, 0, 0], [1, 70, 5, 0], [2, 0, 0, 0], [1, 70, 0, 0]]);
  assert.equal(new Set(asked.map(([, scope]) => scope)).size, 1);
  assert.notEqual(asked[0][1], 0);
});

test("a run shares answers and keeps them, but for views that say otherwise", async () => {
  const kept = new Map();
  const store = {
    match: async ({ url }) => kept.get(url)?.clone(),
    put: async ({ url }, response) => void kept.set(url, response),
  };
  const fetch = upstream(() => messagesAnswer());
  const limiter = createLimiter({ fetch });
  const view = limiter.with({ dedupe: false, cache: false });
  await limiter.run({ dedupe: true, cache: { store, maxAgeMs: 60_000 } }, async () => {
    await Promise.all([send(limiter), send(limiter)]);
    assert.equal(fetch.calls.length, 1, "shared");
    await settled();
    await send(limiter);
    assert.equal(fetch.calls.length, 1, "kept");
    await Promise.all([send(view), send(view)]);
    assert.equal(fetch.calls.length, 3, "neither");
  });
});

test("map's items and their calls have the hints of the run around it", async () => {
  const limiter = answering();
  const asked = await hintsOf(() =>
    limiter.run({ priority: 7, tenant: "acme" }, () =>
      limiter.with({ deadlineMs: 800 }).map([1, 2], (_item, _index, turn) => send(turn.limiter)),
    ),
  );
  assert.deepEqual(asked, [1, 2].map(() => ({ priority: 7, tenant: "acme", deadlineMs: 800 })));
});

test("whoever waited goes on in the run it came from, though a call of another run made it start", async () => {
  const limiter = oneAtATime({ fetch: upstream(() => messagesAnswer()) });
  const permit = await limiter.acquire();
  const asked = await hintsOf(async () => {
    const waiting = limiter.run({ tenant: "first" }, () => limiter.schedule(async (own) => {
      own.release();
      await send(limiter);
    }));
    limiter.run({ tenant: "second" }, () => permit.release());
    await waiting;
  });
  assert.deepEqual(asked.map(({ tenant }) => tenant), ["first"]);
});

test("an upstream that calls the limiter does so in the run of its call", async () => {
  const inner = upstream(() => messagesAnswer());
  const limiter = createLimiter({
    fetch: async (...args) => {
      (await limiter.acquire(1, {})).release();
      return inner(...args);
    },
  });
  const acquired = await spied("acquireNow", () => limiter.run({ priority: 9 }, () => send(limiter)));
  assert.deepEqual(acquired.map((args) => args[6]), [9]);
});

test("listeners of events belong to no run", async () => {
  const limiter = createLimiter({ limits: { known: { rpm: 10 } } });
  limiter.on("unknown-model", () => limiter.tryAcquire(1)?.release());
  const acquired = await spied("acquireNow", () =>
    limiter.run({ priority: "high" }, () => limiter.tryAcquire(1, { model: "mystery" }).release()),
  );
  assert.deepEqual(acquired.map((args) => args[6]).sort(), [0, 50]);
});

test("without a run nothing is looked for, and the first one makes one storage", async () => {
  let made = 0;
  class Storage extends AsyncLocalStorage {
    constructor() {
      super();
      made += 1;
    }
  }
  const limiter = answering({ asyncContext: Storage });
  await send(limiter);
  assert.equal(made, 0);
  for (let call = 0; call < 3; call++) await limiter.run({}, () => limiter.with({}).run({}, () => send(limiter)));
  assert.equal(made, 1);
});

/** Runs with other globals than the runtime has. */
function withGlobals(changes, task) {
  const before = Object.fromEntries(Object.keys(changes).map((key) => [key, Object.getOwnPropertyDescriptor(globalThis, key)]));
  for (const [key, value] of Object.entries(changes)) Object.defineProperty(globalThis, key, { value, configurable: true });
  try {
    return task();
  } finally {
    for (const [key, descriptor] of Object.entries(before)) {
      if (descriptor === undefined) delete globalThis[key];
      else Object.defineProperty(globalThis, key, descriptor);
    }
  }
}

test("a runtime without AsyncLocalStorage is told so by an error with the fix, and everything else works", () => {
  const limiter = createLimiter();
  const expected = { name: "OptionError", code: "invalid-option", option: "asyncContext" };
  for (const process of [undefined, {}, { getBuiltinModule: () => undefined }, { getBuiltinModule: () => ({ AsyncLocalStorage: {} }) }]) {
    withGlobals({ process }, () => {
      assert.throws(() => limiter.run({}, () => assert.fail()), (error) => {
        assert.match(error.message, /AsyncLocalStorage.*asyncContext.*with\(hints\)/);
        for (const [key, value] of Object.entries(expected)) assert.equal(error[key], value);
        return true;
      });
      limiter.tryAcquire().release();
      const given = createLimiter({ asyncContext: AsyncLocalStorage });
      assert.equal(given.run({}, () => 1), 1);
    });
  }
  assert.equal(limiter.run({}, () => 1), 1, "once it is there, it is used");
});

test("a global class is taken before the built-in module, and anything that is no such class is passed over", () => {
  let made = 0;
  class Global extends AsyncLocalStorage {
    constructor() {
      super();
      made += 1;
    }
  }
  withGlobals({ AsyncLocalStorage: Global }, () => createLimiter().run({}, () => {}));
  assert.equal(made, 1);
  withGlobals({ AsyncLocalStorage: {} }, () => assert.equal(createLimiter().run({}, () => 2), 2));
});

test("an asyncContext that is no such class is a wrong option", () => {
  for (const asyncContext of [new AsyncLocalStorage(), {}, class {}, () => {}, "AsyncLocalStorage", null]) {
    assert.throws(() => createLimiter({ asyncContext }), { code: "invalid-option", option: "asyncContext" });
  }
});

test("a deadline of a run is that of each of its calls", async () => {
  const clock = new VirtualClock();
  const limiter = oneAtATime({ clock, seed: 1 });
  const permit = await limiter.acquire();
  const call = limiter.run({ deadlineMs: 500 }, () => limiter.acquire());
  const failure = assert.rejects(call, { code: "deadline-exceeded" });
  await clock.advance(600);
  await failure;
  permit.release();
});
