// Pictures of the page to look at: node tests/www/screenshots.mjs <folder> [hash]
//
// Of three widths in both themes, each the whole page, a few seconds after its scene began.
import { mkdir } from "node:fs/promises";
import path from "node:path";
import { startBrowser } from "./support/chromium.mjs";
import { addressOf, newPage } from "./support/fresh.mjs";
import { startSite } from "./support/site.mjs";

const WIDTHS = { 390: 844, 820: 1180, 1440: 900 };
const THEMES = ["light", "dark"];
/** In seconds, for which the scene runs first. */
const RUNS_FOR = 4;

const [folder, hash = ""] = process.argv.slice(2);
if (folder === undefined) {
  console.error("Usage: node tests/www/screenshots.mjs <folder> [hash]");
  process.exit(2);
}
await mkdir(folder, { recursive: true });
const [browser, site] = await Promise.all([startBrowser(), startSite()]);
try {
  for (const [width, height] of Object.entries(WIDTHS)) {
    for (const colorScheme of THEMES) await takePicture({ width: Number(width), height, colorScheme });
  }
} finally {
  await browser.close();
  await site.close();
}

async function takePicture(look) {
  const page = await newPage(browser, site.origin, look);
  await page.goto(addressOf(site.origin, { hash }), { waitUntil: "networkidle" });
  await page.waitForTimeout(RUNS_FOR * 1000);
  const file = path.join(folder, `${look.width}-${look.colorScheme}.png`);
  await page.screenshot({ path: file, fullPage: true });
  console.log([file, ...page.problems()].join("\n  "));
  await page.context().close();
}
