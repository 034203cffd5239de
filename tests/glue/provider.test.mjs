import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { createLimiter } from "tidegate";
import { stateOf, upstream, VirtualClock } from "./support.mjs";

const URL_OF_IT = "https://made-up.example/items";

/** An API that nobody knows: three calls in ten seconds, told in headers of its own. */
const described = {
  limits: [{
    dimension: "requests", limit: "X-Quota", remaining: "X-Quota-Left", reset: "X-Quota-Renews",
    unit: "epoch_milliseconds", windowMs: 10_000,
  }],
  retryAfter: { header: "X-Wait", unit: "milliseconds" },
  statuses: { "420": "rate_limit" },
};

/** A server of that API, which counts what it is sent. */
function server(clock, quota = 3) {
  let left = quota;
  let renews = 0;
  const served = [];
  const fetch = upstream(() => {
    if (clock.time >= renews) {
      left = quota;
      renews = clock.time + 10_000;
    }
    if (left === 0) return new Response(null, { status: 420, headers: { "X-Wait": String(renews - clock.time) } });
    left -= 1;
    served.push(clock.time);
    return new Response("ok", {
      headers: { "X-Quota": String(quota), "X-Quota-Left": String(left), "X-Quota-Renews": String(clock.wallNow() + renews - clock.time) },
    });
  });
  return { fetch, served };
}

test("the limits of an API that is described are learned and waited for", async () => {
  const clock = new VirtualClock();
  const { fetch, served } = server(clock);
  const limiter = createLimiter({ provider: described, fetch, clock, seed: 1 });
  assert.equal(await (await limiter.fetch(URL_OF_IT)).text(), "ok");
  const [scope] = limiter.snapshot().scopes.filter(({ limits }) => limits.length > 0);
  assert.deepEqual(
    scope.limits.map(({ dimension, amount, periodMs, available, source }) => [dimension, amount, periodMs, available, source]),
    [["requests", 3, 10_000, 2, "learned"]],
  );
  const calls = Array.from({ length: 5 }, () => limiter.fetch(URL_OF_IT));
  await clock.advance(9_000);
  assert.equal(served.length, 3);
  await clock.advance(30_000);
  for (const response of await Promise.all(calls)) assert.equal(response.status, 200);
  assert.ok(served[0] === 0 && served[2] < 9_000, "the rest of a burst of which nothing is known goes a little later");
  assert.equal(fetch.calls.length, 6, "nothing was refused, as nothing was sent too early");
});

test("its own status and its own wait are obeyed", async () => {
  const clock = new VirtualClock();
  const fetch = upstream(
    () => new Response(null, { status: 420, headers: { "X-Wait": "2500", "Retry-After": "60" } }),
    () => new Response("ok"),
  );
  const events = [];
  const limiter = createLimiter({ provider: described, fetch, clock, seed: 1 });
  limiter.on("refused", (event) => events.push(event));
  const call = limiter.fetch(URL_OF_IT);
  await clock.advance(2_499);
  assert.equal(fetch.calls.length, 1);
  await clock.advance(300);
  assert.equal((await call).status, 200);
  assert.deepEqual(events.map(({ kind, retryAfterMs, status }) => [kind, retryAfterMs, status]), [["rate_limit", 2500, 420]]);
});

test("without the description the same status is the caller's own fault", async () => {
  const clock = new VirtualClock();
  const fetch = upstream(() => new Response(null, { status: 420, headers: { "X-Wait": "2500" } }));
  const call = createLimiter({ fetch, clock, seed: 1 }).fetch(URL_OF_IT);
  assert.equal(await stateOf(call), "fulfilled");
  assert.equal((await call).status, 420);
});

test("every name that is typed is known, and every name that is known is typed", () => {
  const types = readFileSync(new URL("../glue/provider.d.ts", import.meta.resolve("tidegate")), "utf8");
  const union = types.slice(types.indexOf("type ProviderName ="), types.indexOf(";", types.indexOf("type ProviderName =")));
  const typed = [...union.matchAll(/"([^"]+)"/g)].map(([, name]) => name);
  for (const provider of typed) createLimiter({ provider });
  assert.throws(() => createLimiter({ provider: "nobody" }), ({ code, option, fix }) => {
    assert.deepEqual([code, option], ["invalid-option", "provider"]);
    const listed = fix.replace(/^Use |, or an object.*$/g, "").split(/, | or /);
    assert.ok(listed.length > 20);
    assert.deepEqual(listed.filter((name) => !typed.includes(name)), []);
    return true;
  });
});
