// The built package reads every response of the two vector files as the Rust core does.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { parseRateLimit } from "tidegate";

const FILES = ["headers.jsonl", "headers-more.jsonl"];
const vectors = FILES.flatMap((name) =>
  readFileSync(new URL(name, import.meta.url), "utf8").split("\n").filter(Boolean).map((line) => JSON.parse(line)));

/** The forms in which a program may have headers. Some values are refused by Headers; the others take them as they are. */
const FORMS = {
  "a Headers": ({ headers, raw_only }) => (raw_only ? undefined : new Headers(headers)),
  "a plain object": ({ headers }) => headers,
  "a list of pairs": ({ headers }) => Object.entries(headers),
};

function read({ provider, status, body, now }, headers) {
  return parseRateLimit(headers, { provider, status, body, now: Date.parse(now) });
}

/** What a vector expects, as the package writes it. */
function expectationOf({ retry_after_ms, limits, retryable, kind }) {
  const limit = ({ dimension, limit, remaining, reset_at_ms, window_ms, policy = null }) =>
    ({ dimension, limit, remaining, resetAtMs: reset_at_ms, windowMs: window_ms, policy });
  return { retryAfterMs: retry_after_ms, limits: limits.map(limit), retryable, kind };
}

/** Limits are a set: they come in no particular order. */
const sorted = (rateLimit) => ({ ...rateLimit, limits: [...rateLimit.limits].sort(byText) });
const byText = (one, other) => (JSON.stringify(one) < JSON.stringify(other) ? -1 : 1);

for (const [form, headersOf] of Object.entries(FORMS)) {
  test(`every vector is read as expected from ${form}`, (context) => {
    const passed = new Map();
    const failures = [];
    for (const vector of vectors) {
      const headers = headersOf(vector);
      if (headers === undefined) continue;
      const counts = passed.get(vector.provider) ?? { passed: 0, total: 0 };
      passed.set(vector.provider, counts);
      counts.total += 1;
      try {
        assert.deepStrictEqual(sorted(read(vector, headers)), sorted(expectationOf(vector.expect)));
        counts.passed += 1;
      } catch (error) {
        failures.push(`${vector.id}: ${error.message}`);
      }
    }
    for (const [provider, counts] of [...passed].sort()) {
      context.diagnostic(`${String(counts.passed).padStart(4)} / ${String(counts.total).padEnd(4)} ${provider}`);
    }
    const sum = (key) => [...passed.values()].reduce((total, counts) => total + counts[key], 0);
    context.diagnostic(`${sum("passed")} of ${sum("total")} vectors, from ${form}`);
    assert.deepEqual(failures, []);
    assert.ok(sum("total") > 300);
  });
}
