// That the tests of the page would notice what they look for, and that its policy forbids what it is there to forbid.
import assert from "node:assert/strict";
import { test } from "node:test";
import { setImmediate } from "node:timers/promises";
import { axeViolations } from "./support/axe.mjs";
import { openPage } from "./support/page.mjs";

/** In place of a test, which such a page would fail. */
const NO_TEST = { after() {} };

/** What is done in the page, and what is then said of it. */
const SEEN = {
  "an error on the console": [() => console.error("loud"), /^console error: loud/],
  "a warning on the console": [() => console.warn("loud"), /^console warning: loud/],
  "an error that nobody catches": [() => void Promise.reject(new Error("lost")), /^uncaught: Error: lost/],
  "a file that is not there": [() => fetch("missing.json"), /^failed request: .*missing\.json: status 404/],
  "a fetch from another host": [() => fetch("http://127.0.0.1:9/").catch(() => {}), /^policy: connect-src forbids http:/],
  "a script in the page": [
    () => document.body.append(Object.assign(document.createElement("script"), { text: "0" })),
    /^policy: script-src-elem forbids inline/,
  ],
  "text that is run": [() => setTimeout("0"), /^policy: script-src forbids eval/],
  "a handler in an attribute": [() => document.body.setAttribute("onclick", "0"), /^policy: script-src-attr forbids inline/],
  "a style in an attribute": [
    () => document.body.setAttribute("style", "color: red"),
    /^policy: style-src-attr forbids inline/,
  ],
  "at last, its way to another host": [() => void (location.href = "http://127.0.0.1:9/"), /^request to another origin: GET http/],
};

test("a page is clean until it did one of what it must not", async (t) => {
  const page = await openPage(NO_TEST);
  page.assertClean();
  for (const [what, [act, expected]] of Object.entries(SEEN)) {
    await t.test(what, async () => {
      await page.evaluate(act);
      await assertSays(page, expected);
    });
  }
  assert.throws(() => page.assertClean(), { name: "AssertionError" });
  await assert.rejects(page.finish(), { name: "AssertionError" });
});

for (const [what, body, expected] of [
  ["an error of its worker", "Promise.reject(new Error('stray'));", /^uncaught: Error: stray/],
  [
    "its worker asked another host, which the policy of the headers forbids",
    // The tests begin to listen a moment after the worker has begun.
    "setInterval(() => fetch('http://127.0.0.1:9/').catch(() => {}), 10);",
    /^console error: the policy's connect-src forbids http:/,
  ],
]) {
  test(`a page is no longer clean after ${what}`, async () => {
    const page = await openPage(NO_TEST);
    const response = await page.request.get(page.url());
    const { "content-security-policy": policy } = response.headers();
    const headers = { "content-type": "text/javascript", "content-security-policy": policy };
    await page.route("**/tried.js", (route) => route.fulfill({ headers, body }));
    await page.evaluate(() => void (globalThis.tried = new Worker("tried.js")));
    await assertSays(page, expected);
    await assert.rejects(page.finish(), { name: "AssertionError" });
  });
}

test("axe-core names the element and the rule that it breaks, and the page does not notice", async (t) => {
  const page = await openPage(t);
  const before = await axeViolations(page);
  await page.evaluate(() => document.querySelector("main").append(document.createElement("button")));
  const found = (await axeViolations(page)).filter((line) => !before.includes(line));
  assert.equal(found.length, 1);
  assert.match(found[0], /^button-name: .*button.*: Fix any of the following: /);
  assert.equal(await page.evaluate(() => typeof globalThis.axe), "undefined");
});

/** Waits until the page's problems have such a line. */
async function assertSays(page, expected) {
  const says = () => page.problems().some((problem) => expected.test(problem));
  const deadline = performance.now() + LONGEST_MS;
  while (!says() && performance.now() < deadline) await setImmediate();
  assert.ok(says(), page.problems().join("\n"));
}
/** Much longer than a page takes on a machine that is busy. */
const LONGEST_MS = 20_000;
