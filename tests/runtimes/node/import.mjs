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
