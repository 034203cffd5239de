// The package, imported as users import it, does what a limiter is for.
import assert from "node:assert/strict";

import { createLimiter, estimateTokens, isTidegateError } from "tidegate";
import { createLimiter as again } from "tidegate";

assert.equal(createLimiter, again);

const limiter = createLimiter({ limits: { default: { concurrency: 2 } }, fetch: async () => new Response("ok") });

// fetch: the real answer of what was given as fetch.
const response = await limiter.fetch("http://127.0.0.1/");
assert.equal(response.status, 200);
assert.equal(await response.text(), "ok");

// acquire: as many as the limit allows, and the next when one is given back.
const [first, second] = [limiter.tryAcquire(), limiter.tryAcquire()];
assert.ok(first);
assert.ok(second);
assert.equal(limiter.tryAcquire(), undefined);
const third = limiter.acquire();
first.release();
(await third).release();
second.release();

// Aborting a call that waits ends it, and frees its place.
const held = [await limiter.acquire(), await limiter.acquire()];
const caller = new AbortController();
setTimeout(() => caller.abort(), 1);
await assert.rejects(limiter.acquire(1, { signal: caller.signal }), { name: "AbortError" });
for (const permit of held) permit.release();
assert.equal(await limiter.schedule(async () => "ran"), "ran");

// Where a call would stand, and where one stands that waits.
const places = [await limiter.acquire(), await limiter.acquire()];
assert.notEqual(limiter.estimate().waitMs, 0);
const stood = await new Promise((resolve) => {
  limiter.with({ onWait: resolve }).acquire().then((permit) => permit.release());
});
assert.equal(stood.position, 0);
for (const permit of places) permit.release();
assert.equal(limiter.estimate().waitMs, 0);

// The hints of a run follow the program through its awaits, and end with it.
const inside = limiter.run({ deadlineMs: 0 }, async () => {
  await new Promise((resolve) => setTimeout(resolve, 1));
  const taken = [await limiter.acquire(), await limiter.acquire()];
  await assert.rejects(limiter.acquire(), (error) => isTidegateError(error, "deadline-exceeded"));
  return taken;
});
for (const permit of await inside) permit.release();

// A long job, in order, whose calls take the items' places.
const one = createLimiter({ limits: { default: { concurrency: 1 } }, fetch: async (url) => new Response(url) });
const urls = ["a", "b", "c"].map((path) => `http://127.0.0.1/${path}`);
assert.deepEqual(await one.map(urls, async (url) => (await one.fetch(url)).text()), urls);

// Calls that are the same share one answer.
const shared = one.with({ dedupe: true });
const answers = await Promise.all([shared.fetch(urls[0]), shared.fetch(urls[0])]);
assert.deepEqual(await Promise.all(answers.map((answer) => answer.text())), [urls[0], urls[0]]);

// What was accepted ends, and nothing more is.
await one.drain();
await assert.rejects(one.acquire(), (error) => isTidegateError(error, "draining"));

// Texts are counted, and counted anew by the tables that an import brings.
const odd = "qzx wvk jqz ".repeat(100);
const small = estimateTokens(odd, { model: "claude-sonnet-5" });
assert.ok(small > 100);
await import("tidegate/tokens");
assert.ok(estimateTokens(odd, { model: "claude-sonnet-5" }) > 1.1 * small);

// A wrong option is one clear error.
assert.throws(
  () => createLimiter({ limits: { default: { rpm: -1 } } }),
  (error) => isTidegateError(error, "invalid-option") && /rpm/.test(error.message),
);

// After the end, nothing starts.
limiter.close();
await assert.rejects(limiter.acquire(), (error) => isTidegateError(error, "closed"));
