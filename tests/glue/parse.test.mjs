import assert from "node:assert/strict";
import { test } from "node:test";
import { OptionError, parseRateLimit } from "tidegate";

const NOW = Date.UTC(2026, 10, 23, 12);
const LIMITED = { "Retry-After": "7", "anthropic-ratelimit-requests-remaining": "0" };

test("what a response says is plain data, null where it says nothing", () => {
  assert.deepStrictEqual(parseRateLimit(LIMITED, { status: 429, now: NOW }), {
    retryAfterMs: 7000,
    limits: [{ dimension: "requests", limit: null, remaining: 0, resetAtMs: null, windowMs: 60_000, policy: null }],
    retryable: true,
    kind: "rate_limit",
  });
  assert.deepStrictEqual(parseRateLimit({}), { retryAfterMs: null, limits: [], retryable: false, kind: "ok" });
});

test("headers may come in any form, and mean the same in each", () => {
  const expected = parseRateLimit(LIMITED, { status: 429, now: NOW });
  const pairs = Object.entries(LIMITED);
  for (const headers of [new Headers(LIMITED), pairs, new Map(pairs), new Headers(LIMITED).entries(), { "retry-after": 7, ...LIMITED, other: undefined, list: ["a", "b"] }]) {
    const { retryAfterMs, ...rest } = parseRateLimit(headers, { status: 429, now: NOW });
    assert.deepEqual(rest, { retryable: true, kind: "rate_limit", limits: expected.limits });
    assert.equal(retryAfterMs, 7000);
  }
});

test("a field that comes twice is one with both values, and no value is a field of its own", () => {
  const twice = [["ratelimit-policy", '"a";q=1;w=60'], ["RateLimit-Policy", '"b";q=2;w=60']];
  assert.deepEqual(parseRateLimit(twice).limits.map(({ policy, limit }) => [policy, limit]), [["a", 1], ["b", 2]]);
  assert.equal(parseRateLimit({ other: "1\r\nretry-after: 7", "x\nretry-after": "7" }, { status: 429 }).retryAfterMs, null);
});

test("the server's own words come as they are", () => {
  const [limit] = parseRateLimit({ "ratelimit-policy": String.raw`"a\"b\\c é";q=1;w=60` }).limits;
  assert.ok(["a\"b\\c é", null].includes(limit?.policy ?? null), limit?.policy);
  const [plain] = parseRateLimit({ "ratelimit-policy": String.raw`"a\"b\\c";q=1;w=60` }).limits;
  assert.equal(plain.policy, "a\"b\\c");
});

test("a body says more than the status, as text, as bytes or parsed", () => {
  const spent = { error: { code: "insufficient_quota", message: "You exceeded your current quota" } };
  const text = JSON.stringify(spent);
  const bytes = new TextEncoder().encode(text);
  for (const body of [spent, text, bytes, bytes.buffer]) {
    const { kind, retryable } = parseRateLimit({}, { provider: "openai", status: 429, body });
    assert.deepEqual([kind, retryable], ["quota_exhausted", false]);
  }
  for (const body of [undefined, null, "", "<html>", new Uint8Array(0), 7, []]) {
    assert.equal(parseRateLimit({}, { provider: "openai", status: 429, body }).kind, "rate_limit");
  }
});

test("the clock is asked only where no time is given", () => {
  const before = Date.now();
  const [limit] = parseRateLimit({ "x-ratelimit-remaining": "1", "x-ratelimit-reset": "60" }).limits;
  assert.ok(limit.resetAtMs >= before + 60_000 && limit.resetAtMs <= Date.now() + 60_000);
});

test("a provider can be described, and a name that nobody knows is any HTTP API", () => {
  const provider = {
    limits: [{ dimension: "points", limit: "X-Quota", remaining: "X-Quota-Left", reset: "X-Renews", unit: "seconds", windowMs: 5000 }],
    retryAfter: { header: "X-Wait", unit: "milliseconds" },
    statuses: { 420: "rate_limit" },
  };
  const headers = { "x-quota": "10", "x-quota-left": "3", "x-renews": "2", "x-wait": "1500" };
  assert.deepEqual(parseRateLimit(headers, { provider, status: 420, now: NOW }), {
    retryAfterMs: 1500,
    limits: [{ dimension: "points", limit: 10, remaining: 3, resetAtMs: NOW + 2000, windowMs: 5000, policy: null }],
    retryable: true,
    kind: "rate_limit",
  });
  const spent = { "x-ratelimit-remaining": "0" };
  const kindFor = (provider) => parseRateLimit(spent, { provider, status: 403 }).kind;
  assert.deepEqual(["github", "generic", "nobody", ""].map(kindFor), ["rate_limit", "client_error", "client_error", "client_error"]);
});

test("a wrong argument throws one error that names it", () => {
  const cyclic = {};
  cyclic.self = cyclic;
  for (const [args, option] of [
    [[undefined], "headers"],
    [["retry-after: 7"], "headers"],
    [[["retry-after", "7"]], "headers"],
    [[[[7, "7"]]], "headers"],
    [[{}, null], "(all)"],
    [[{}, { status: 99 }], "status"],
    [[{}, { status: "429" }], "status"],
    [[{}, { now: Number.NaN }], "now"],
    [[{}, { now: -1 }], "now"],
    [[{}, { now: new Date() }], "now"],
    [[{}, { body: cyclic }], "body"],
    [[{}, { provider: 7 }], "provider"],
    [[{}, { provider: { limits: [{ dimension: "x", limit: "x y" }] } }], "provider.limits[0].limit"],
  ]) {
    assert.throws(() => parseRateLimit(...args), (error) => error instanceof OptionError && error.option === option, option);
  }
});

test("cookies stay outside", () => {
  // Text from the first letter on that is not ASCII is encoded by this function, so that it shows what crosses.
  const crossed = [];
  const original = TextEncoder.prototype.encodeInto;
  TextEncoder.prototype.encodeInto = function (text, view) {
    crossed.push(text);
    return original.call(this, text, view);
  };
  try {
    parseRateLimit(new Headers({ a: "é", "set-cookie": "secret" }));
    parseRateLimit({ a: "é", "Set-Cookie": ["secret"] });
  } finally {
    TextEncoder.prototype.encodeInto = original;
  }
  assert.deepEqual(crossed, ["é\n", "é\n"]);
});
