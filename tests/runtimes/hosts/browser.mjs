// Chromium, of this machine and without a window.
import { chromium } from "playwright-core";

/** Starts the browser, which whoever asks for it has to close. */
export function launch(executablePath) {
  return chromium.launch({ executablePath, args: ARGS });
}

/** Starts the browser, and ends it whatever happens. */
export async function withBrowser(executablePath, use) {
  const browser = await launch(executablePath);
  try {
    return await use(browser);
  } finally {
    await browser.close();
  }
}

/**
 * Opens a page in a profile of its own and waits for the line in which it says how the contract went.
 *
 * @throws Error with what the page wrote, if it says nothing.
 */
export async function reportOf(browser, url) {
  const context = await browser.newContext();
  const page = await context.newPage();
  const log = [];
  try {
    return await new Promise((resolve, reject) => {
      const give = (why) => reject(new Error([`${url}: ${why}`, ...log].join("\n")));
      const watch = setTimeout(() => give(`nothing was reported within ${LONGEST_MS / 1000} s`), LONGEST_MS);
      page.on("console", (message) => {
        const report = parsed(message.text());
        if (report === undefined) return void log.push(message.text());
        clearTimeout(watch);
        resolve(report);
      });
      page.on("pageerror", (error) => log.push(String(error.stack ?? error)));
      page.on("requestfailed", (request) => log.push(`${request.url()}: ${request.failure()?.errorText}`));
      page.goto(url).catch((error) => give(error.message));
    });
  } finally {
    await context.close();
  }
}

function parsed(text) {
  try {
    const value = JSON.parse(text);
    return Array.isArray(value?.checks) ? value : undefined;
  } catch {
    return undefined;
  }
}

// Without these it asks hosts of its maker for news.
const ARGS = [
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-gpu",
  "--disable-quic",
  "--disable-sync",
  "--no-first-run",
];
/** Much longer than a page takes on a machine that is busy. */
const LONGEST_MS = 60_000;
