// The page in a fresh profile of one browser for each test file, with an eye on what it must not do.
import assert from "node:assert/strict";
import { after } from "node:test";
import { startBrowser } from "./chromium.mjs";
import { startSite } from "./site.mjs";
import { watch } from "./watch.mjs";

/**
 * Opens the page and waits until it and all that it imports is loaded. When the test ends, it is closed, and the test fails
 * if the page was not clean.
 *
 * @param t The test, or whatever else has an `after` that takes a function.
 * @param options
 * - `hash`: what stands behind the `#` of the address, with or without it; `search`: the same for the `?`.
 * - `width`, `height`: of the window, in CSS pixels, by default 1440 × 900.
 * - `colorScheme`: "light" (default) or "dark". `reducedMotion`: "no-preference" (default) or "reduce".
 * - `clipboard`: whether the page may write to the clipboard, and the test read it; by default it may not.
 * @returns Playwright's page, with three functions more:
 * - `problems()`: what the page did so far that it must not, in words.
 * - `assertClean()`: throws if there is any such thing.
 * - `finish()`: closes the page and throws likewise, as the end of the test does by itself.
 */
export async function openPage(t, options = {}) {
  const { hash = "", search = "", ...look } = options;
  const { browser, site } = await shared();
  const { page, finish } = await newPage(browser, site.origin, look);
  t.after(finish);
  const part = (sign, text) => (text === "" || text.startsWith(sign) ? text : sign + text);
  await page.goto(`${site.origin}/${part("?", search)}${part("#", hash)}`, { waitUntil: "networkidle" });
  return page;
}

async function newPage(browser, origin, look) {
  const { width = 1440, height = 900, colorScheme = "light", reducedMotion = "no-preference", clipboard = false } = look;
  const permissions = clipboard ? ["clipboard-read", "clipboard-write"] : [];
  const viewport = { width, height };
  const context = await browser.newContext({ viewport, colorScheme, reducedMotion, permissions });
  const page = await context.newPage();
  const problems = await watch(page, origin);
  const assertClean = () => assert.deepEqual(problems, []);
  const finish = async () => {
    // What is cut off by the end is no failure of the page.
    const seen = [...problems];
    await context.close();
    assert.deepEqual(seen, []);
  };
  return { page: Object.assign(page, { problems: () => [...problems], assertClean, finish }), finish };
}

let started;

/** The browser and the server of this test file, from its first page to its end. */
function shared() {
  started ??= Promise.all([startBrowser(), startSite()]).then(([browser, site]) => ({ browser, site }));
  return started;
}

after(async () => {
  if (started === undefined) return;
  const { browser, site } = await started;
  await browser.close();
  await site.close();
});
