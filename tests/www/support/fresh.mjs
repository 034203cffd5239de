// A page in a profile of its own, with an eye on what it must not do. It needs no test around it.
import assert from "node:assert/strict";
import { watch } from "./watch.mjs";

/** The address of the page with what stands behind its `?` and its `#`, each with or without that sign. */
export function addressOf(origin, { hash = "", search = "" } = {}) {
  const part = (sign, text) => (text === "" || text.startsWith(sign) ? text : sign + text);
  return `${origin}/${part("?", search)}${part("#", hash)}`;
}

/** A page that is not sent anywhere yet, in a profile of its own, with the functions that `openPage` describes. */
export async function newPage(browser, origin, look = {}) {
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
  return Object.assign(page, { problems: () => [...problems], assertClean, finish });
}
