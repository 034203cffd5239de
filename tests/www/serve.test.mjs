// The server of `cargo xtask demo --web`.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { request } from "node:http";
import { createInterface } from "node:readline";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { readHeaders } from "../../www/serve/headers.mjs";
import { readOptions } from "../../www/serve/options.mjs";
import { startSite } from "./support/site.mjs";

const SERVER = fileURLToPath(new URL("../../www/serve/serve.mjs", import.meta.url));

test("files come with their types, with the headers of the site, and are asked for anew each time", async (t) => {
  const site = await startSite();
  t.after(site.close);
  const types = {
    "/": "text/html;charset=utf-8",
    "/index.html": "text/html;charset=utf-8",
    "/src/main.js": "text/javascript",
    "/style/theme.css": "text/css",
    "/icon.svg": "image/svg+xml",
    "/vendor/tidegate/package.json": "application/json",
  };
  const asked = readHeaders(await fetch(`${site.origin}/_headers`).then((response) => response.text()))("/");
  assert.ok(asked.length >= 4);
  for (const [path, type] of Object.entries(types)) {
    const response = await fetch(site.origin + path);
    assert.equal(response.status, 200, path);
    assert.equal(response.headers.get("content-type"), type, path);
    assert.equal(response.headers.get("cache-control"), "no-cache", path);
    for (const [name, value] of asked) assert.equal(response.headers.get(name), value, path);
  }
});

test("nothing is served but what is in the site, to nobody but readers", async (t) => {
  const site = await startSite();
  t.after(site.close);
  for (const path of ["/missing.js", "/../package.json", "/%2e%2e/package.json", "/src/../../package.json", "//[", "/%"]) {
    assert.equal(await statusOf(site.origin, path), 404, path);
  }
  assert.equal(await statusOf(site.origin, "/", "HEAD"), 200);
  assert.equal(await statusOf(site.origin, "/", "POST"), 405);
});

test("it says in one line where the page is, and ends when it is told to", async (t) => {
  const { child, firstLine } = start(t, "--port", "0");
  const address = /^The demo page is at (http:\/\/127\.0\.0\.1:\d+\/) until Ctrl-C\.$/.exec(await firstLine)?.[1];
  assert.ok(address, await firstLine);
  assert.match(await fetch(address).then((response) => response.text()), /<title>/);
  child.kill("SIGINT");
  assert.deepEqual(await once(child, "exit"), [null, "SIGINT"]);
});

test("a port that is taken is an error only if it was asked for", async (t) => {
  const site = await startSite();
  t.after(site.close);
  const { child, firstLine } = start(t, "--port", new URL(site.origin).port);
  child.stderr.setEncoding("utf8");
  const said = child.stderr.toArray();
  assert.equal(await firstLine, undefined);
  assert.match((await said).join(""), /^Port \d+ is taken/);
  assert.equal(child.exitCode, 1);

  // The first may find the usual port taken already; then both have any.
  const [one, other] = [start(t), start(t)];
  const lines = await Promise.all([one.firstLine, other.firstLine]);
  assert.notEqual(lines[0], lines[1]);
  for (const line of lines) assert.match(line, /^The demo page is at /);
});

test("options are read, and wrong ones are named", () => {
  assert.deepEqual(readOptions([]), { help: false, open: true, port: undefined });
  assert.deepEqual(readOptions(["--port", "8080", "--no-open"]), { help: false, open: false, port: 8080 });
  for (const port of ["", "a", "-1", "65536", "80.5"]) assert.throws(() => readOptions([`--port=${port}`]), /^Error: --port/);
  assert.throws(() => readOptions(["--open"]), /--open/);
});

/** Starts the server; `firstLine` is undefined if it ends without one. */
function start(t, ...args) {
  const child = spawn(process.execPath, [SERVER, "--no-open", ...args], { stdio: ["ignore", "pipe", "pipe"] });
  t.after(() => child.kill());
  const line = once(createInterface(child.stdout), "line").then(([line]) => line);
  const firstLine = Promise.race([line, once(child, "close").then(() => undefined)]);
  return { child, firstLine };
}

/** By a plain request, since `fetch` would tidy the path up. */
async function statusOf(origin, path, method = "GET") {
  const asked = request(origin, { path, method }).end();
  const [response] = await once(asked, "response");
  response.resume();
  return response.statusCode;
}
