// What the bundlers of this folder share: running what they built, and saying how the contract went.
import { spawnSync } from "node:child_process";
import { readdir, readFile, rm } from "node:fs/promises";
import { createRequire } from "node:module";
import path from "node:path";
import { brotliCompressSync } from "node:zlib";
import { reportOf, withBrowser } from "../hosts/browser.mjs";
import { startServer } from "../hosts/server.mjs";

/**
 * What the tests say to a bundler: the project that has the package, a folder that is the bundler's own and outside of the
 * project, so that what is built finds no package beside it, and the browser.
 */
export async function askedFor() {
  const [project, out, executable] = process.argv.slice(2);
  await rm(out, { recursive: true, force: true });
  return { project, out, executable };
}

/** The version of one of the tools. */
export function versionOf(tool) {
  return createRequire(import.meta.url)(`${tool}/package.json`).version;
}

/** Opens each page of a build in the browser: `{ leg, path, html, notes }`, with a text for the page that has none. */
export async function runInBrowser({ project, out, executable }, pages) {
  const texts = Object.fromEntries(
    pages.filter(({ html }) => html !== undefined).map(({ path, html }) => [path, { type: "text/html; charset=utf-8", text: html }]),
  );
  const server = await startServer(project, { folders: { "/": out }, texts });
  try {
    await withBrowser(executable, async (browser) => {
      for (const { leg, path, notes } of pages) {
        const { checks } = await reportOf(browser, `${server.pages}${path}?base=${encodeURIComponent(server.base)}`);
        console.log(JSON.stringify({ leg: `${leg}, in Chromium`, checks, notes }));
      }
    });
  } finally {
    await server.close();
  }
}

/** A page that runs one script. */
export function pageOf(script, attributes = `type="module"`) {
  return `<!doctype html><title>tidegate</title><script ${attributes} src="${script}"></script>`;
}

/** Runs a built script in this Node, beside the loopback server. */
export function runInNode({ project }, leg, script) {
  const host = path.join(import.meta.dirname, "../hosts/serve.mjs");
  const { status, stdout, stderr } = spawnSync(process.execPath, [host, project, process.execPath, script], { encoding: "utf8" });
  if (status !== 0) throw new Error(`${leg}: ${stderr}`);
  const { checks } = JSON.parse(stdout.split("\n").find((line) => line.startsWith("{")));
  console.log(JSON.stringify({ leg: `${leg}, in Node`, checks }));
}

/** How much a browser loads of these scripts. */
export async function shipped(folder) {
  const names = (await readdir(folder, { recursive: true })).filter((name) => name.endsWith(".js"));
  const sizes = await Promise.all(
    names.map(async (name) => {
      const content = await readFile(path.join(folder, name));
      return [content.length, brotliCompressSync(content).length];
    }),
  );
  const [raw, brotli] = [0, 1].map((way) => sizes.reduce((sum, size) => sum + size[way], 0));
  return `An application that makes a limiter ships ${raw} bytes, or ${brotli} by brotli.`;
}
