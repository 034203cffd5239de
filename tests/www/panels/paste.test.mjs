// Whatever is pasted is read as what it is, credentials are not, and nothing that is pasted can do harm.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { EXAMPLES } from "../../../site/src/panels/headers/examples.js";
import { meaningOf } from "../../../site/src/panels/headers/meaning.js";
import { MOST_TEXT, readPasted } from "../../../site/src/panels/headers/paste.js";
import { readingOf } from "../../../site/src/panels/headers/reading.js";

const PLAIN = { status: 429, headers: [["retry-after", "5"], ["x-request-id", "a:b"]], body: undefined, dropped: [], isCut: false };

test("what curl -i shows has a status, headers and a body", () => {
  assert.deepEqual(readPasted("HTTP/2 429 \r\nretry-after: 5\r\nx-request-id: a:b\r\n\r\n"), PLAIN);
  assert.deepEqual(readPasted('HTTP/1.1 429 Too Many Requests\nretry-after:5\nx-request-id: a:b\n\n{"a":1}\n\nb: c'), {
    ...PLAIN,
    body: '{"a":1}\n\nb: c',
  });
});

test("of several responses the last one counts", () => {
  const text = "HTTP/1.1 200 Connection established\n\nHTTP/1.1 100 Continue\nx: y\n\nHTTP/2 429\nretry-after: 5\nx-request-id: a:b\n";
  assert.deepEqual(readPasted(text), PLAIN);
});

test("what curl -v shows is the response's, not the request's", () => {
  const text = `* Connected to api.anthropic.com (160.79.104.10) port 443
> POST /v1/messages HTTP/2
> Host: api.anthropic.com
> x-api-key: sk-ant-secret
> retry-after: 99
>
{ [5 bytes data]
< HTTP/2 429
< retry-after: 5
< x-request-id: a:b
<
{ [123 bytes data]
* Connection #0 to host api.anthropic.com left intact
{"type":"error"}`;
  assert.deepEqual(readPasted(text), { ...PLAIN, body: '{"type":"error"}', dropped: ["x-api-key"] });
});

test("what developer tools copy is read with names and values on one line, on two, or with headings", () => {
  assert.deepEqual(readPasted("Status Code: 429 Too Many Requests\nretry-after: 5\nx-request-id: a:b"), PLAIN);
  assert.deepEqual(readPasted("Status Code:\n429 Too Many Requests\nretry-after:\n5\nx-request-id:\na:b\n"), PLAIN);
  assert.deepEqual(readPasted(":status: 429\n  retry-after: 5\n  x-request-id: a:b\n"), PLAIN);
  assert.deepEqual(readPasted("status\n429\nretry-after\n5\nx-request-id\na:b\n"), PLAIN);
  const sections = "Request Headers\ncookie: a=b\nretry-after: 9\n\nResponse Headers (2)\nHTTP/2 429\nretry-after: 5\nx-request-id: a:b";
  assert.deepEqual(readPasted(sections), { ...PLAIN, dropped: ["cookie"] });
  const instant = readPasted("anthropic-ratelimit-requests-reset:\n2026-11-23T12:00:01Z\nvia:\nretry-after: 5");
  assert.deepEqual(instant.headers, [["anthropic-ratelimit-requests-reset", "2026-11-23T12:00:01Z"], ["via", ""], ["retry-after", "5"]]);
});

test("JSON is read as an object, as a list, and with status and body beside the headers", () => {
  const pairs = PLAIN.headers;
  assert.deepEqual(readPasted('{ "retry-after": 5, "x-request-id": ["a:b"] }'), { ...PLAIN, status: undefined });
  assert.deepEqual(readPasted(JSON.stringify(pairs)), { ...PLAIN, status: undefined });
  assert.deepEqual(readPasted(JSON.stringify({ status: 429, headers: Object.fromEntries(pairs), body: { a: 1 } })), { ...PLAIN, body: '{"a":1}' });
  const firefox = {
    "Response headers (1 kB)": { headers: pairs.map(([name, value]) => ({ name, value })) },
    "Request headers (1 kB)": { headers: [{ name: "retry-after", value: "9" }] },
  };
  assert.deepEqual(readPasted(JSON.stringify(firefox)), { ...PLAIN, status: undefined });
  assert.deepEqual(readPasted("null").headers, []);
  assert.deepEqual(readPasted('{"a":{"b":{}},"c":null,"d":true}').headers, []);
});

test("no credential is read in any of the forms, and its name is told", () => {
  const names = [
    "Authorization",
    "proxy-authorization",
    "x-api-key",
    "api-key",
    "X-Goog-Api-Key",
    "Cookie",
    "set-cookie",
    "x-amz-security-token",
    "x-auth-token",
    "x-csrf-token",
  ];
  const forms = [
    (name) => `HTTP/2 200\n${name}: sk-SECRET\nretry-after: 5`,
    (name) => `${name}:\nsk-SECRET\nretry-after: 5`,
    (name) => `${name}\nsk-SECRET\nretry-after\n5`,
    (name) => `> ${name}: sk-SECRET\n< HTTP/2 200\n< ${name}: sk-SECRET\n< retry-after: 5`,
    (name) => `${name}: sk-SECRET;\n  a=SECRET\nretry-after: 5`,
    (name) => JSON.stringify({ [name]: "sk-SECRET", "retry-after": 5 }),
    (name) => JSON.stringify([[name, "sk-SECRET"], ["retry-after", "5"]]),
    (name) => JSON.stringify({ headers: [{ name, value: "sk-SECRET" }, { name: "retry-after", value: "5" }] }),
    (name) => `{\n  "${name}": "sk-SECRET",\n  "retry-after": 5,\n}\nretry-after: 5`,
  ];
  for (const name of names) {
    for (const [index, form] of forms.entries()) {
      const pasted = readPasted(form(name));
      const { body, headers, dropped } = pasted;
      assert.ok(!JSON.stringify(pasted).includes("SECRET"), `${name} in form ${index}: ${JSON.stringify(pasted)}`);
      assert.deepEqual([body, headers.at(-1)?.[0]], [undefined, "retry-after"], `${name} in form ${index}`);
      assert.deepEqual(dropped, [name.toLowerCase()], `${name} in form ${index}`);
    }
  }
});

test("the names of limits are not taken for credentials", () => {
  const names = [
    "anthropic-ratelimit-input-tokens-limit",
    "x-ratelimit-remaining-tokens",
    "www-authenticate",
    "access-control-allow-credentials",
    "anthropic-ratelimit-unified-5h-reset",
  ];
  const { headers, dropped } = readPasted(names.map((name) => `${name}: 1`).join("\n"));
  assert.deepEqual(headers.map(([name]) => name), names);
  assert.deepEqual(dropped, []);
});

test("hostile text neither throws nor takes long", () => {
  const hostile = [
    "",
    "\0\u0001\u0002\ufffe\ud800",
    "🚦".repeat(400_000),
    "a: b\n".repeat(300_000),
    "a:\n".repeat(300_000),
    "\n".repeat(1_000_000),
    " ".repeat(1_000_000),
    "a".repeat(1_000_000),
    "HTTP/2 200\n\n".repeat(100_000),
    "< HTTP/2 200\n< a: b\n<\n".repeat(50_000),
    "authorization\n".repeat(70_000),
    "[".repeat(200_000),
    `{"a":${"[".repeat(100_000)}${"]".repeat(100_000)}}`,
    `{${Array.from({ length: 20_000 }, (_, index) => `"a${index}":1`)}}`,
    "ratelimit: \"a\";r=1,".repeat(60_000),
    Buffer.from(Uint8Array.from({ length: 1_000_000 }, (_, index) => (index * 2_654_435_761) >>> 24)).toString("latin1"),
    '{"__proto__":{"status":500},"constructor":"x","toString":1}',
  ];
  for (const [index, text] of hostile.entries()) {
    const started = performance.now();
    const pasted = readPasted(text);
    assert.equal(pasted.isCut, text.length > MOST_TEXT);
    readingOf(pasted, 200, undefined);
    // A ceiling for what grows with the square of a text, which would be minutes; no measurement.
    assert.ok(performance.now() - started < 10_000, `text ${index} took ${performance.now() - started} ms`);
  }
});

test("every example is read as its provider means it", () => {
  const read = Object.fromEntries(
    EXAMPLES.map(({ label, text }) => {
      const pasted = readPasted(text);
      const { result, now, date } = readingOf(pasted, pasted.status, undefined);
      assert.ok(date?.endsWith("GMT"));
      const limits = result.limits.map(({ dimension, limit, remaining, resetAtMs, windowMs, policy }) =>
        [policy, dimension, limit, remaining, resetAtMs === null ? null : (resetAtMs - now) / 1_000, windowMs === null ? null : windowMs / 1_000]);
      return [label, [pasted.status, result.kind, result.retryable, result.retryAfterMs, limits]];
    }),
  );
  assert.deepEqual(read, {
    "Claude, 200": [200, "ok", false, null, [
      [null, "requests", 1_000, 999, 1, 60],
      [null, "input_tokens", 2_000_000, 1_998_000, 2, 60],
      [null, "output_tokens", 400_000, 400_000, 0, 60],
    ]],
    "Claude, 429": [429, "rate_limit", true, 23_000, [
      [null, "requests", 1_000, 994, 21, 60],
      [null, "input_tokens", 450_000, 0, 23, 60],
      [null, "output_tokens", 90_000, 14_000, 22, 60],
    ]],
    "Claude, budget spent": [429, "quota_exhausted", false, null, []],
    "OpenAI, 200": [200, "ok", false, null, [
      // OpenAI does not say whether they are by the minute or by the day.
      [null, "requests", 60, 59, 1, null],
      [null, "tokens", 150_000, 149_984, 360, null],
    ]],
    "GitHub, 403": [403, "rate_limit", true, 60_000, [["core", "requests", 5_000, 4_900, 1_800, 3_600]]],
    "IETF draft, 200": [200, "ok", false, null, [
      ["permin", "requests", 50, 3, 12, 60],
      ["perhr", "requests", 1_000, 700, 2_400, 3_600],
    ]],
  });
});

test("times count from the response's date, or from now where it has none that can be read", () => {
  const dated = readingOf(readPasted("Date: Mon, 23 Nov 2026 12:00:00 GMT"), 200, undefined, () => 5);
  assert.deepEqual([dated.now, dated.date], [Date.UTC(2026, 10, 23, 12), "Mon, 23 Nov 2026 12:00:00 GMT"]);
  for (const text of ["a: b", "date: soon", "date: Mon, 23 Nov 1926 12:00:00 GMT"]) {
    const { now, date } = readingOf(readPasted(text), 200, undefined, () => 5);
    assert.deepEqual([now, date], [5, undefined]);
  }
});

test("of every vector, what the headers mean can be said", () => {
  const file = new URL("../../vectors/headers.jsonl", import.meta.url);
  const vectors = readFileSync(file, "utf8").trim().split("\n").map((line) => JSON.parse(line));
  assert.ok(vectors.length > 100);
  for (const { id, status, headers, body, now, provider, expect } of vectors.filter(({ raw_only }) => !raw_only)) {
    if (Object.keys(headers).some((name) => name.toLowerCase() === "date")) continue;
    const pasted = readPasted(JSON.stringify({ status, headers, body }));
    const { result } = readingOf(pasted, status, provider, () => Date.parse(now));
    assert.equal(result.kind, expect.kind, id);
    const { verdict, explanation, again, wait } = meaningOf(result, status);
    assert.equal(again.startsWith("Yes"), expect.retryable, id);
    assert.equal(/ordered|orders\.$/.test(wait) && !wait.startsWith("The server"), expect.retry_after_ms !== null, `${id}: ${wait}`);
    for (const text of [verdict, explanation]) assert.match(text, /^[A-Z]/);
  }
});
