// Plays a scene in a fresh page and notes its frames.
import { startBrowser } from "../../../tests/www/support/chromium.mjs";
import { addressOf, newPage } from "../../../tests/www/support/fresh.mjs";
import { startSite } from "../../../tests/www/support/site.mjs";

/** Has the page served and a browser open while `use` runs, which is given `framesOf(hash, { width, height, forMs })`. */
export async function withPages(use) {
  const [browser, site] = await Promise.all([startBrowser(), startSite()]);
  try {
    await use((hash, given) => framesOf(browser, site.origin, hash, given));
  } finally {
    await browser.close();
    await site.close();
  }
}

/**
 * Plays a scene for so long from its beginning, which is when as many marks are there as come at once.
 *
 * @returns in milliseconds the `intervals` from frame to frame, what the page did in each, `own`, and how long it was
 * `opening` the scene; how many `marks` both lanes had at most; and for which `share` of the time the page's thread had a
 * processor, for whatever the browser does in it.
 * @throws {Error} if the page complained, did not begin, or did not say how long its frames took.
 */
async function framesOf(browser, origin, hash, { width, height, forMs }) {
  const page = await newPage(browser, origin, { width, height });
  // From a scene that is over at once: so what is measured is not about loading the page and compiling it.
  await page.goto(addressOf(origin, { search: "measure", hash: OVER_AT_ONCE }), { waitUntil: "networkidle" });
  const session = await page.context().newCDPSession(page);
  await session.send("Performance.enable");
  const opening = await page.evaluate(open, { hash, least: Number(new URLSearchParams(hash).get("burst")), LONGEST_MS });
  const before = await busySeconds(session);
  const frames = await page.evaluate(record, forMs);
  const busy = (await busySeconds(session)) - before;
  await page.finish();
  if (opening === null) throw new Error(`the scene ${hash} did not begin within ${LONGEST_MS / 1_000} s`);
  if (frames.own.length === 0) throw new Error("the page measured no frame");
  return { ...frames, opening, share: (busy * 1_000) / frames.forMs };
}

/** For how long the page's thread has had a processor so far; how busy the machine is otherwise does not count. */
async function busySeconds(session) {
  const { metrics } = await session.send("Performance.getMetrics");
  return metrics.find(({ name }) => name === "ThreadTime").value;
}

/** Runs in the page: follows a link to a scene, and says after how many milliseconds so many marks were there. */
function open({ hash, least, LONGEST_MS }) {
  const shown = document.querySelectorAll('[data-count="waiting"], [data-count="in-flight"]');
  globalThis.countMarks = () => [...shown].reduce((sum, { textContent }) => sum + Number(textContent.replace(/\D/g, "")), 0);
  const startMs = performance.now();
  location.hash = hash;
  return new Promise((resolve) => {
    requestAnimationFrame(function look(nowMs) {
      if (countMarks() >= least) resolve(nowMs - startMs);
      else if (nowMs - startMs > LONGEST_MS) resolve(null);
      else requestAnimationFrame(look);
    });
  });
}

/** Runs in the page. */
function record(forMs) {
  performance.clearMeasures("frame");
  return new Promise((resolve) => {
    const intervals = [];
    let marks = 0;
    let startMs;
    let lastMs;
    requestAnimationFrame(function look(nowMs) {
      if (startMs === undefined) startMs = nowMs;
      else intervals.push(nowMs - lastMs);
      lastMs = nowMs;
      // Seldom, because looking costs something, too.
      if (intervals.length % 10 === 0) marks = Math.max(marks, countMarks());
      if (nowMs - startMs < forMs) return void requestAnimationFrame(look);
      const own = performance.getEntriesByName("frame", "measure").map(({ duration }) => duration);
      resolve({ intervals, own, marks, forMs: nowMs - startMs });
    });
  });
}

const OVER_AT_ONCE = "tier=own&requests=1&burst=1&input=20&output=1&speed=60";
/** Much longer than opening a scene takes on a machine that is busy. */
const LONGEST_MS = 60_000;
