// The page for a test: in a fresh profile of one browser for each test file.
import { after } from "node:test";
import { startBrowser } from "./chromium.mjs";
import { addressOf, newPage } from "./fresh.mjs";
import { startSite } from "./site.mjs";

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
  const page = await newPage(browser, site.origin, look);
  t.after(() => page.finish());
  await page.goto(addressOf(site.origin, { hash, search }), { waitUntil: "networkidle" });
  return page;
}

/** The browser and the server of this test file, from its first page to its end. */
function shared() {
  started ??= Promise.all([startBrowser(), startSite()]).then(([browser, site]) => ({ browser, site }));
  return started;
}

let started;

after(async () => {
  if (started === undefined) return;
  const { browser, site } = await started;
  await browser.close();
  await site.close();
});
