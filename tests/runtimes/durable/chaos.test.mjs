// Everything goes wrong at once, by seeds: objects are lost, answers are lost, callers give up, servers refuse.
import assert from "node:assert/strict";
import test from "node:test";
import { messagesAnswer, messagesCall } from "../../glue/support.mjs";
import { Objects, sharedLimiter, VirtualClock } from "./virtual.mjs";

const CALLS = 60;
const CONCURRENCY = 4;

for (const seed of [1, 2, 3, 4, 5, 6, 7, 8]) {
  test(`every call ends once and no limit is exceeded, whatever is lost (seed ${seed})`, async () => {
    const random = randomOf(seed);
    const clock = new VirtualClock();
    const objects = new Objects({ limits: { default: { concurrency: CONCURRENCY } }, retry: { attempts: 4, budget: false }, seed }, clock);
    const server = serverOf(clock, random);
    const ends = [];
    let made = 0;

    const call = async () => {
      const controller = new AbortController();
      const limiter = sharedLimiter(objects, { clock, fetch: server.fetch }).with({ priority: Math.floor(random() * 3), signal: controller.signal });
      if (random() < 0.2) clock.setTimer(() => controller.abort(new Error("gave up")), random() * 20_000);
      try {
        if (random() < 0.3) {
          await limiter.schedule(() => server.busy(random() * 2_000));
          return "done";
        }
        const response = await limiter.fetch(...messagesCall());
        await response.text();
        return response.status;
      } catch (error) {
        return error.code ?? error.message;
      }
    };
    for (let index = 0; index < CALLS; index += 1) {
      clock.setTimer(() => {
        made += 1;
        call().then((end) => ends.push(end));
      }, random() * 10_000);
    }
    for (let index = 0; index < 10; index += 1) clock.setTimer(() => objects.evict(), random() * 20_000);
    objects.fate = () => {
      const luck = clock.now() > 40_000 ? 1 : random();
      return luck < 0.06 ? "answer-lost" : luck < 0.12 ? "unheard" : undefined;
    };

    await clock.advance(10 * 60_000);

    assert.equal(made, CALLS);
    assert.equal(ends.length, CALLS);
    assert.deepEqual([...new Set(ends)].filter((end) => !["done", 200, "gave up"].includes(end)), []);
    assert.ok(server.most <= CONCURRENCY, `${server.most} at once`);
    assert.equal(server.running, 0);
    assert.equal(server.most, CONCURRENCY, "the limit was reached, so that it was tried");
    assert.equal(objects.storage().alarmAt, null);
    assert.equal(clock.armed, 0);
    const { inFlight, waiting, scopes } = await (async () => {
      const asked = sharedLimiter(objects, { clock }).snapshot();
      await clock.advance(0);
      return asked;
    })();
    assert.deepEqual([inFlight, waiting], [0, 0]);
    assert.equal(scopes[0].limits[0].available, CONCURRENCY, "every permit came back");
  });
}

/** A server that sees how many use it at once. */
function serverOf(clock, random) {
  const server = {
    running: 0,
    most: 0,
    async busy(ms, signal) {
      server.running += 1;
      server.most = Math.max(server.most, server.running);
      try {
        await new Promise((resolve, reject) => {
          clock.setTimer(resolve, ms);
          signal?.addEventListener("abort", () => reject(signal.reason));
        });
      } finally {
        server.running -= 1;
      }
    },
    async fetch(_url, init) {
      await server.busy(100 + random() * 2_000, init.signal);
      const fate = random();
      if (fate < 0.1) return new Response("{}", { status: 529 });
      if (fate < 0.15) return new Response("{}", { status: 429, headers: { "retry-after": "1" } });
      if (fate < 0.2) throw new TypeError("fetch failed");
      return messagesAnswer();
    },
  };
  return server;
}

/** mulberry32 */
function randomOf(seed) {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
