// What must hold of every SDK through its adapter, over real sockets: a table of tests, of which each SDK fills in how it is called.
import assert from "node:assert/strict";
import { test } from "node:test";
import { createLimiter, isTidegateError } from "tidegate";
import { startSimulator } from "tidegate/simulator/node";

/** The timer of the SDK, or what stands in its place. Answers come in a hundredth of it. */
const PATIENCE_MS = 800;
/** How long calls are kept waiting: longer than that. */
const WAIT_MS = 1_500;

const timing = { firstTokenMs: 5, tokensPerSecond: 20_000, refusalMs: 1, variation: 0 };
/** One call at a time, so that whoever has the place keeps all others waiting. */
const oneAtATime = { limits: { default: { concurrency: 1 } } };

/**
 * Registers the tests of one SDK.
 *
 * | Field | |
 * |---|---|
 * | `client(at)` | a client of `at.url` through `at.limiter`, with the timer `at.timeoutMs` where that is given: through the adapter, or where `at.bare` is true as it would be without one |
 * | `create(client, call)` | a call: `call.tokens` are written, `call.maxTokens` asked for, `call.signal` given to the SDK, `call.headers` sent, and `call.timeoutMs` the timer of this one call, as the adapter says; resolves to `{ text, outputTokens }` |
 * | `stream(client, call)` | the same as an async iterable of texts |
 * | `isTimeout(error)` | whether that is what the SDK makes of its own timer |
 * | `isAbort(error)` | whether that is what it makes of its caller's signal |
 * | `isOverload(error)` | whether that is what it makes of an overloaded server's answer, with what the server said |
 * | `attempts` | how often a call is sent, of the two that the limiter would make, to a server that does not answer in time |
 * | `burns` | false where its timer does not end what it times: that is tried beside this table |
 * | `scope`, `dimension` | the name of the limits that the calls are under, and what they count there |
 */
export function trySdk(name, sdk) {
  const trying = (what, use, options) => test(`${name}: ${what}`, () => through(sdk, use, options));

  trying(
    "more calls than the limit allows all succeed, and the server refuses none",
    async ({ at, counts }) => {
      const client = sdk.client(at);
      const answers = await Promise.all(Array.from({ length: 18 }, () => sdk.create(client, { tokens: 10 })));
      for (const { text } of answers) assert.ok(text.length > 0);
      assert.deepEqual([counts().served, counts().refused], [18, 0]);
    },
    {
      limiter: { limits: { [sdk.scope]: { limits: [{ dimension: "requests", amount: 10, periodMs: 1_000 }] } } },
      server: { limits: { default: { rpm: 1_200, burstMs: 1_000 } } },
    },
  );

  for (const how of ["whole", "as a stream"]) {
    trying(
      `an answer comes ${how}, and the limiter's books say what the server's do`,
      async ({ at, counts, limiter, group }) => {
        const client = sdk.client(at);
        const call = { tokens: 200, maxTokens: 300 };
        if (how === "whole") {
          const { text, outputTokens } = await sdk.create(client, call);
          assert.ok(text.length > 0);
          assert.equal(outputTokens, 200);
        } else {
          const pieces = [];
          for await (const piece of sdk.stream(client, call)) pieces.push(piece);
          assert.ok(pieces.length > 3, `${pieces.length} pieces`);
        }
        assert.deepEqual([counts().served, counts().inFlight], [1, 0]);
        const books = limiter.snapshot().scopes.find((scope) => scope.name === sdk.scope).limits;
        const { burst, available } = books.find(({ dimension }) => dimension === sdk.dimension);
        const charged = group().limits.find(({ dimension }) => dimension === camelCase(sdk.dimension)).charged;
        assert.ok(charged > 0, String(charged));
        assert.equal(Math.round(burst - available), charged);
      },
      {
        limiter: {
          fetch: withoutLimits,
          // Nothing comes back in the time that a test takes.
          limits: { [sdk.scope]: { limits: [{ dimension: sdk.dimension, amount: 1, periodMs: 86_400_000, burst: 100_000 }] } },
        },
        server: { timing: { ...timing, tokensPerSecond: 500 } },
      },
    );
  }

  trying(
    "its own signal takes a call out of the queue, and ends a stream, whose place is free again",
    async ({ at, counts, limiter }) => {
      const client = sdk.client(at);
      const permit = await limiter.acquire();
      const queued = new AbortController();
      const call = sdk.create(client, { tokens: 10, signal: queued.signal });
      call.catch(() => {});
      while (limiter.snapshot().waiting === 0) await new Promise(setImmediate);
      queued.abort();
      await assert.rejects(call, sdk.isAbort);
      assert.deepEqual([limiter.snapshot().waiting, counts().served], [0, 0]);
      permit.release();

      const streaming = new AbortController();
      const left = async () => {
        for await (const _ of sdk.stream(client, { tokens: 2_000, maxTokens: 3_000, signal: streaming.signal })) streaming.abort();
      };
      // Some SDKs end the loop, others throw in it.
      await left().catch((error) => assert.ok(sdk.isAbort(error), String(error)));
      while (counts().inFlight > 0) await new Promise(setImmediate);
      assert.equal(counts().aborted, 1);
      assert.equal((await sdk.create(client, { tokens: 10 })).outputTokens, 10);
    },
    { limiter: oneAtATime, server: { timing: { ...timing, tokensPerSecond: 500 } } },
  );

  trying(
    "an overloaded server is tried again by the limiter alone, and at last its answer is the SDK's error",
    async ({ at, limiter }) => {
      let retries = 0;
      limiter.on("retry", () => retries++);
      const client = sdk.client(at);
      await assert.rejects(sdk.create(client, { tokens: 10 }), sdk.isOverload);
      assert.equal(retries, 2);
      assert.equal(at.sent(), 3);
    },
    { limiter: { retry: { attempts: 3, baseMs: 5 } }, server: { faults: { overloaded: 1 } } },
  );

  trying(
    "what the limiter refuses keeps its type, in the SDK's error or as it is",
    async ({ at, limiter }) => {
      const client = sdk.client({ ...at, limiter: limiter.with({ deadlineMs: 0 }) });
      const permit = await limiter.acquire();
      await assert.rejects(sdk.create(client, { tokens: 10 }), (error) => {
        const causes = [error, error.cause, error.cause?.cause];
        assert.ok(causes.some((cause) => isTidegateError(cause, "deadline-exceeded")), String(error));
        assert.ok(!sdk.isTimeout(error), "it is taken for the SDK's own timer");
        return true;
      });
      assert.equal(at.sent(), 0);
      permit.release();
    },
    { limiter: oneAtATime },
  );

  trying(
    "calls that wait longer than the timer all succeed",
    async ({ at, limiter, counts }) => {
      const client = sdk.client({ ...at, timeoutMs: PATIENCE_MS });
      const calls = await keptWaiting(limiter, () => [
        sdk.create(client, { tokens: 10 }),
        sdk.create(client, { tokens: 10 }),
        lengthOf(sdk.stream(client, { tokens: 10 })),
        sdk.create(sdk.client(at), { tokens: 10, timeoutMs: PATIENCE_MS }),
      ]);
      assert.deepEqual(calls.filter(({ status }) => status === "rejected"), []);
      assert.equal(counts().served, calls.length);
    },
    { limiter: oneAtATime },
  );

  if (sdk.burns !== false) trying(
    "without the adapter the same calls burn their timer in the queue",
    async ({ at, limiter }) => {
      const client = sdk.client({ ...at, timeoutMs: PATIENCE_MS, bare: true });
      const calls = await keptWaiting(limiter, () => [
        sdk.create(client, { tokens: 10 }),
        sdk.create(client, { tokens: 10 }),
      ]);
      for (const { reason } of calls) assert.ok(sdk.isTimeout(reason), String(reason));
      assert.equal(at.sent(), 0);
    },
    { limiter: oneAtATime },
  );

  trying(
    "a server that does not answer in time is the SDK's own error, after the limiter's attempts",
    async ({ at, limiter }) => {
      const began = performance.now();
      const client = sdk.client({ ...at, timeoutMs: PATIENCE_MS });
      await assert.rejects(sdk.create(client, { tokens: 10 }), sdk.isTimeout);
      assert.ok(performance.now() - began >= PATIENCE_MS - 5, "it was given up too early");
      assert.equal(at.sent(), sdk.attempts ?? 2);
      await assert.rejects(sdk.create(sdk.client(at), { tokens: 10, timeoutMs: 50 }), sdk.isTimeout);
      assert.equal(limiter.snapshot().waiting, 0);
    },
    { limiter: { ...oneAtATime, retry: { attempts: 2, baseMs: 5 } }, server: { faults: { hang: 1 } } },
  );
}

/** What becomes of calls that have to wait longer than their timer. */
async function keptWaiting(limiter, make) {
  const permit = await limiter.acquire();
  const calls = make();
  const ended = Promise.allSettled(calls);
  await new Promise((resolve) => setTimeout(resolve, WAIT_MS));
  permit.release();
  return ended;
}

async function through(sdk, use, { server = {}, limiter: options = {} }) {
  const simulator = await startSimulator({ timing, seed: 1, ...server });
  let sent = 0;
  const { fetch: send = fetch, ...others } = options;
  const counted = (...args) => {
    sent += 1;
    return send(...args);
  };
  // What each SDK needs: its adapter's limiter sends through this fetch, or a middleware's through the SDK's own.
  const limiter = createLimiter({ seed: 1, fetch: counted, ...others });
  const group = () => simulator.stats().organisations[0]?.groups[0];
  const counts = () => group()?.counts ?? { served: 0, refused: 0, inFlight: 0 };
  const at = { url: simulator.url, limiter, fetch: counted, sent: () => sent };
  try {
    await use({ at, limiter, counts, group });
    for (const { name, inFlight } of limiter.snapshot().scopes) assert.equal(inFlight, 0, `${name} has a call in flight`);
    assert.equal(limiter.snapshot().waiting, 0);
  } finally {
    await simulator.close();
  }
}

async function lengthOf(pieces) {
  let length = 0;
  for await (const piece of pieces) length += piece.length;
  assert.ok(length > 0);
  return length;
}

/** A fetch whose answers do not say what is left. */
async function withoutLimits(...args) {
  const { body, status, headers } = await fetch(...args);
  return new Response(body, { status, headers: [...headers].filter(([name]) => !name.includes("ratelimit")) });
}

/** What a call says in headers: what the simulator is to write, and the adapter's timer of this one call. */
export function headersOf({ tokens, timeoutMs }) {
  const headers = { "x-simulate-output-tokens": String(tokens) };
  return timeoutMs === undefined ? headers : { ...headers, "x-tidegate-attempt-timeout-ms": String(timeoutMs) };
}

function camelCase(dimension) {
  return dimension.replace(/_(.)/g, (_, letter) => letter.toUpperCase());
}
