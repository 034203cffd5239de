// What calls leave behind on a signal that outlives them, in memory and in the process: nothing.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { assertFlat, collect, held } from "./abort-memory.mjs";
import { listeners, streaming } from "./abort-support.mjs";
import { messagesAnswer, messagesCall, oneAtATime, upstream } from "./support.mjs";

const CALLS = 100_000;
const ROUNDS = 10;

/** What a call by a signal that outlives it can come to. Each leaves the limiter as it found it. The last two take least time. */
const ENDS = {
  "is answered": async (limiter, signal) => {
    await (await limiter.fetch(...messagesCall({ signal }))).text();
  },
  "is answered through a view": async (limiter, signal) => {
    await (await limiter.with({ signal }).fetch(...messagesCall())).text();
  },
  "is answered, and left unread": async (limiter, signal) => {
    await (await limiter.fetch(...messagesCall({ signal }))).body.cancel();
  },
  "is given up by another signal in the queue": async (limiter, signal) => {
    const permit = limiter.tryAcquire();
    const own = new AbortController();
    const call = limiter.with({ signal }).fetch(...messagesCall({ signal: own.signal }));
    own.abort("enough");
    await call.then(assert.fail, () => {});
    permit.release();
  },
  "is refused": async (limiter, signal) => {
    const permit = limiter.tryAcquire();
    await limiter.acquire(1, { signal, deadlineMs: 0 }).then(assert.fail, ({ code }) => assert.equal(code, "deadline-exceeded"));
    permit.release();
  },
  "waits, and has its turn": async (limiter, signal) => {
    const permit = limiter.tryAcquire();
    const waiting = limiter.acquire(1, { signal });
    permit.release();
    (await waiting).release();
  },
  "is scheduled": async (limiter, signal) => {
    await limiter.schedule(() => {}, { signal });
  },
};

test(`${CALLS} calls by one signal leave no listener, no memory and no promise behind, however they end`, async () => {
  const limiter = oneAtATime({ fetch: () => Promise.resolve(messagesAnswer()) });
  const { signal } = new AbortController();
  const ends = Object.values(ENDS);
  const sizes = [];
  for (let round = 0; round < ROUNDS; round++) {
    for (let call = 0; call < CALLS / ROUNDS; call++) {
      const end = call % 100 < ends.length ? call % 100 : ends.length - 1 - (call % 2);
      await ends[end](limiter, signal);
    }
    assert.equal(listeners(signal), 0);
    sizes.push(await held());
  }
  assertFlat(sizes);
  assert.equal(limiter.snapshot().waiting, 0);
  limiter.tryAcquire().release();
});

for (const [name, end] of Object.entries(ENDS)) {
  test(`a call that ${name} takes each listener away again that it adds`, async () => {
    const { signal } = new AbortController();
    const added = new Map();
    const count = (method, by) => {
      const original = signal[method];
      signal[method] = (type, listener, ...rest) => {
        added.set(listener, (added.get(listener) ?? 0) + by);
        return original.call(signal, type, listener, ...rest);
      };
    };
    count("addEventListener", 1);
    count("removeEventListener", -1);
    await end(oneAtATime({ fetch: () => Promise.resolve(messagesAnswer()) }), signal);
    assert.ok(added.size > 0 || name === "is scheduled", "nobody listened");
    assert.deepEqual([...added.values()].filter((times) => times > 0), []);
  });
}

test("a response that is dropped unread is collected, and its place is free, though its signal lives on", async () => {
  const { signal } = new AbortController();
  for (const through of [(limiter) => limiter, (limiter) => limiter.with({ signal })]) {
    const world = { bodies: [] };
    const limiter = oneAtATime({ fetch: upstream(() => streaming(undefined, world)) });
    const bodies = [];
    const drop = async () => {
      bodies.push(new WeakRef((await through(limiter).fetch(...messagesCall({ signal }))).body));
    };
    await drop();
    assert.equal(limiter.tryAcquire(), undefined, "the body holds the place");
    await until(() => limiter.snapshot().scopes[0].inFlight === 0);
    limiter.tryAcquire().release();
    assert.equal(bodies[0].deref(), undefined);
    assert.equal(listeners(signal), 0);
  }
});

test("calls that were given up at each moment keep no process alive", async () => {
  const script = `
    import { createLimiter } from "tidegate";
        const never = (input, init) => new Promise((_, reject) => {
      init.signal.addEventListener("abort", () => reject(init.signal.reason), { once: true });
    });
    const failing = () => Promise.resolve(new Response("no", { status: 500, headers: { "retry-after": "3600" } }));
    const refusing = () => Promise.resolve(new Response(new ReadableStream(), { status: 429, headers: { "content-type": "application/json" } }));
    const body = JSON.stringify({ model: "claude-test-1", max_tokens: 16, messages: [{ role: "user", content: "hi" }] });
    for (const fetch of [never, failing, refusing]) {
      const limiter = createLimiter({ fetch, limits: { default: { concurrency: 1, rpd: 2 } } });
      const controller = new AbortController();
      const init = { method: "POST", headers: { "anthropic-version": "2023-06-01" }, body, signal: controller.signal };
      const calls = [1, 2, 3].map(() => limiter.fetch("https://api.example.test/v1/messages", init));
      const waiting = limiter.acquire(2, { signal: controller.signal });
      await new Promise(setImmediate);
      controller.abort(new Error("enough"));
      const ends = await Promise.allSettled([...calls, waiting]);
      if (!ends.every(({ reason }) => reason === controller.signal.reason)) process.exit(2);
    }
    console.log(process.getActiveResourcesInfo().filter((kind) => kind === "Timeout").length);
  `;
  const cwd = fileURLToPath(new URL("../..", import.meta.url));
  const { stdout } = await promisify(execFile)(process.execPath, ["--input-type=module", "--eval", script], { cwd, timeout: 30_000 });
  assert.equal(stdout.trim(), "0");
});

async function until(condition) {
  for (let turn = 0; turn < 100 && !condition(); turn++) {
    await new Promise(setImmediate);
    collect();
  }
  assert.ok(condition());
}
