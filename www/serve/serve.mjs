#!/usr/bin/env node
// Serves the built page on this machine: cargo xtask demo --web --help
import { fileURLToPath } from "node:url";
import { HELP, readOptions, USUAL_PORT } from "./options.mjs";

const SITE = fileURLToPath(new URL("../../site/", import.meta.url));

let options;
try {
  options = readOptions(process.argv.slice(2));
} catch (error) {
  console.error(`${error.message}\nTry --help.`);
  process.exit(2);
}

if (options.help) {
  process.stdout.write(HELP);
} else {
  // Only now, so that the help needs nothing to be built or installed.
  const { serveSite } = await import("./server.mjs");
  try {
    const { origin } = await serve(serveSite, options.port);
    console.log(`The demo page is at ${origin}/ until Ctrl-C.`);
    if (options.open && process.stdout.isTTY && !isOnCi()) await openInBrowser(`${origin}/`);
  } catch (error) {
    console.error(error.code === "EADDRINUSE" ? `Port ${options.port} is taken: name another, or none.` : error.message);
    process.exitCode = 1;
  }
}

/** Serves at the port that was asked for; where none was, at the usual one or, if that is taken, at any. */
async function serve(serveSite, port) {
  if (port !== undefined) return serveSite(SITE, port);
  try {
    return await serveSite(SITE, USUAL_PORT);
  } catch (error) {
    if (error.code !== "EADDRINUSE") throw error;
    return serveSite(SITE, 0);
  }
}

/** Whoever has no browser here still has the address. */
async function openInBrowser(address) {
  const { default: open } = await import("open");
  try {
    await open(address);
  } catch {
    console.log("No browser could be opened.");
  }
}

function isOnCi() {
  return !["", "0", "false", undefined].includes(process.env.CI);
}
