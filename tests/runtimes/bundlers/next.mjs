// Next: a route in Node, one in the edge runtime, and a page that runs in the browser, built and started.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { cp, mkdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import path from "node:path";
import { reportOf, withBrowser } from "../hosts/browser.mjs";
import { startServer } from "../hosts/server.mjs";
import { versionOf } from "./built.mjs";

/** Longer than a build takes on a machine that is busy. */
const LONGEST_MS = 300_000;
const NEXT = path.join(import.meta.dirname, "../node_modules/next/dist/bin/next");

// What was built before is a cache for the next build, so the folder stays.
const [project, app, executable] = process.argv.slice(2);
const manifest = JSON.parse(await readFile(path.join(project, "node_modules/tidegate/package.json"), "utf8"));
const hasEdge = "edge-light" in manifest.exports["."];
const leg = `Next ${versionOf("next")}`;

await arrange();
await ended(next("build"));
const port = await freePort();
const started = next("start", "--port", port, "--hostname", "127.0.0.1");
const server = await startServer(project);
try {
  const site = `http://127.0.0.1:${port}`;
  await listens();
  say("a route in Node", await route(`${site}/node`, { asyncContext: true }));
  if (hasEdge) say("an edge route", await route(`${site}/edge`, { asyncContext: true }));
  await withBrowser(executable, async (browser) => {
    const { checks } = await reportOf(browser, `${site}/client?base=${encodeURIComponent(server.base)}`);
    say("a page in Chromium", checks);
  });
} finally {
  started.kill();
  await once(started, "exit");
  await server.close();
}

/** The application, with the package as it is installed, and the framework where the tests have it. */
async function arrange() {
  const packages = path.join(app, "node_modules");
  for (const part of ["app", "contract", "node_modules"]) await rm(path.join(app, part), { recursive: true, force: true });
  await mkdir(packages, { recursive: true });
  await cp(path.join(import.meta.dirname, "next"), app, { recursive: true });
  await cp(path.join(project, "contract"), path.join(app, "contract"), { recursive: true });
  await cp(path.join(project, "node_modules/tidegate"), path.join(packages, "tidegate"), { recursive: true });
  for (const name of ["next", "react", "react-dom"]) {
    await symlink(path.join(import.meta.dirname, "../node_modules", name), path.join(packages, name), "junction");
  }
  await writeFile(path.join(app, "package.json"), JSON.stringify({ name: "app", private: true }));
  if (!hasEdge) await rm(path.join(app, "app/edge"), { recursive: true });
}

function next(...args) {
  const env = { ...process.env, NEXT_TELEMETRY_DISABLED: "1", TIDEGATE_NEXT_ROOT: commonRoot() };
  const child = spawn(process.execPath, [NEXT, ...args], { cwd: app, env, stdio: ["ignore", "pipe", "pipe"] });
  child.log = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (text) => (child.log += text));
  return child;
}

/** The folder that holds both the application and the framework: nothing outside of it is read. */
function commonRoot() {
  let root = import.meta.dirname;
  while (path.relative(root, app).startsWith("..")) root = path.dirname(root);
  return root;
}

async function ended(child) {
  const watch = setTimeout(() => child.kill("SIGKILL"), LONGEST_MS);
  const [code] = await once(child, "exit");
  clearTimeout(watch);
  if (code !== 0) throw new Error(`next build ended with ${code ?? "a signal"}\n${child.log}`);
}

/** Until the server says that it is ready. */
async function listens() {
  const watch = setTimeout(() => started.kill("SIGKILL"), LONGEST_MS);
  while (!started.log.includes("Ready")) {
    await Promise.race([once(started.stdout, "data"), once(started, "exit")]);
    if (started.exitCode !== null || started.signalCode !== null) throw new Error(`next start ended\n${started.log}`);
  }
  clearTimeout(watch);
}

async function route(url, world) {
  const response = await fetch(url, { method: "POST", body: JSON.stringify({ base: server.base, ...world }) });
  if (!response.ok) throw new Error(`${url} answered ${response.status}\n${started.log}`);
  return response.json();
}

function say(where, checks) {
  console.log(JSON.stringify({ leg: `${leg}, ${where}`, checks }));
}

async function freePort() {
  const probe = createServer().listen(0, "127.0.0.1");
  await once(probe, "listening");
  const { port } = probe.address();
  probe.close();
  await once(probe, "close");
  return port;
}
