// The page and its headers state one policy.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";
import { readHeaders } from "../../www/serve/headers.mjs";
import { policyOfPage, SITE } from "./support/site.mjs";

test("the page states the policy of its headers, but for what only headers can say", async () => {
  const headersOf = readHeaders(await readFile(`${SITE}_headers`, "utf8"));
  const headers = new Map(headersOf("/"));
  assert.equal(`${await policyOfPage()}; frame-ancestors 'none'`, headers.get("Content-Security-Policy"));
});

test("the policy lets the page ask its own host alone, and no script stand in it", async () => {
  const directives = new Map((await policyOfPage()).split(";").map((text) => {
    const [name, ...sources] = text.trim().split(/\s+/);
    return [name, sources];
  }));
  assert.deepEqual(directives.get("default-src"), ["'none'"]);
  assert.deepEqual(directives.get("script-src"), ["'self'", "'wasm-unsafe-eval'"]);
  for (const [name, sources] of directives) {
    const allowed = ["'self'", "'none'", ...(name === "script-src" ? ["'wasm-unsafe-eval'"] : [])];
    assert.deepEqual(sources.filter((source) => !allowed.includes(source)), [], name);
  }
});

test("headers are read by path, in order, and what is neither path nor header is an error", () => {
  const headersOf = readHeaders("# Why.\n/*\n  A: 1\n\n/style/*\n  B: two: three\r\n/exact\n\tC: 4\n");
  assert.deepEqual(headersOf("/"), [["A", "1"]]);
  assert.deepEqual(headersOf("/style/theme.css"), [["A", "1"], ["B", "two: three"]]);
  assert.deepEqual(headersOf("/exact"), [["A", "1"], ["C", "4"]]);
  assert.deepEqual(headersOf("/exactly"), [["A", "1"]]);
  for (const wrong of ["  A: 1", "/*\nA: 1", "/*\n  A", "/:name\n  A: 1", "/*/more\n  A: 1"]) {
    assert.throws(() => readHeaders(wrong), /_headers, line \d/, wrong);
  }
});
