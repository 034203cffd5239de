// What the tests of this folder share: the bundle, a runtime with several Workers and one object, and an upstream.
import { createServer, request as httpRequest } from "node:http";
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { convertV4MiniflareOptions, Miniflare } from "miniflare";

import { installed, project } from "../installed.mjs";

/** A Worker with everything it imports, as a bundler makes it, and the module that workerd compiles. */
export async function bundled(entry) {
  const { outputFiles } = await build({
    entryPoints: [fileURLToPath(new URL(entry, import.meta.url))],
    bundle: true,
    write: false,
    format: "esm",
    target: "es2022",
    conditions: ["workerd", "worker"],
    external: ["*.wasm", "cloudflare:*"],
    plugins: [installed],
    outdir: "out",
    logLevel: "error",
  });
  const wasm = await readFile(createRequire(join(project, "any.js")).resolve("tidegate/core.wasm"));
  const [script] = outputFiles;
  return [
    { type: "ESModule", path: "worker.mjs", contents: script.text },
    { type: "CompiledWasm", path: "../wasm/core_bg.wasm", contents: wasm },
  ];
}

/** Two Workers in isolates of their own, `a` and `b`, and a third with the object that they share. */
export async function startWorkers({ options, upstream = "http://127.0.0.1:9", persist, compatibilityDate = "2026-07-01", useSQLite = true }) {
  const modules = await bundled("worker.mjs");
  const object = { className: "ApiLimit", useSQLite };
  const worker = (name, limit) => ({
    name,
    modules,
    modulesRoot: "/",
    compatibilityDate,
    compatibilityFlags: ["enable_request_signal"],
    bindings: { OPTIONS: JSON.stringify(options), UPSTREAM: upstream },
    durableObjects: { LIMIT: limit },
    unsafeDirectSockets: [{ host: "127.0.0.1", port: 0 }],
  });
  const elsewhere = { ...object, scriptName: "limit" };
  const config = {
    ...(persist === undefined ? {} : { resourcePersistencePath: persist }),
    workers: [worker("limit", object), worker("a", elsewhere), worker("b", elsewhere)],
  };
  const runtime = new Miniflare(convertV4MiniflareOptions(config));
  const urls = {
    a: String(await runtime.unsafeGetDirectURL("a")).replace(/\/$/, ""),
    b: String(await runtime.unsafeGetDirectURL("b")).replace(/\/$/, ""),
  };
  const stub = async (name = "default") => {
    const namespace = await runtime.getDurableObjectNamespace("LIMIT", "limit");
    return namespace.get(namespace.idFromName(name));
  };
  return {
    urls,
    runtime,
    /** Ends the object as the runtime does when it is idle or its host is needed: nothing is told. */
    evict: (name = "default") => runtime.unsafeEvictDurableObject("limit", "ApiLimit", { name }),
    /** Ends it from inside, as a failure does. */
    abort: async () => (await stub()).fetch("https://object/test/abort").catch(() => undefined),
    alarm: async () => (await (await stub()).fetch("https://object/test/alarm")).json(),
    storage: async () => (await (await stub()).fetch("https://object/test/storage")).json(),
    snapshot: async () => (await fetch(`${urls.a}/snapshot`)).json(),
    close: () => runtime.dispose(),
    [Symbol.asyncDispose]: () => runtime.dispose(),
  };
}

/** A body of the Messages API whose prompt has a certain size. */
export function messagesBody(words, fields = {}) {
  const content = Array.from({ length: words }, (_, index) => `word${index % 10}`).join(" ");
  return { model: "claude-sonnet-4-5", max_tokens: 64, messages: [{ role: "user", content }], ...fields };
}

export function messagesCall(body, init = {}) {
  return {
    method: "POST",
    headers: { "content-type": "application/json", "x-api-key": "sk-secret", "anthropic-version": "2023-06-01", ...init.headers },
    body: JSON.stringify(body),
  };
}

/** An upstream that `handle(request, response, text)` plays. */
export async function startUpstream(handle) {
  const server = createServer((request, response) => {
    let text = "";
    request.setEncoding("utf8");
    request.on("data", (piece) => (text += piece));
    request.on("end", () => handle(request, response, text));
  });
  server.keepAliveTimeout = 0;
  // A test that fails before it can close it ends all the same.
  server.unref();
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  const close = () => {
    server.closeAllConnections();
    return new Promise((resolve) => server.close(resolve));
  };
  return { url: `http://127.0.0.1:${server.address().port}`, close, [Symbol.asyncDispose]: close };
}

/** A client that can leave: `first` resolves with the beginning of the answer, and `leave` breaks the connection. */
export function clientOf(url, init) {
  const { method, headers, body } = init;
  const request = httpRequest(url, { method, headers: { ...headers, "content-length": Buffer.byteLength(body) }, agent: false });
  const first = new Promise((resolve, reject) => {
    request.on("response", (response) => response.once("data", resolve));
    request.on("error", reject);
  });
  first.catch(() => undefined);
  request.end(body);
  // A connection that is only closed may be half closed, for workerd: its client still listens.
  return { first, leave: () => request.socket.resetAndDestroy() };
}

export const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** Resolves when `isTrue` is, looked at every few milliseconds, and rejects after ten seconds. */
export async function until(isTrue, what) {
  for (let tries = 0; tries < 500; tries++) {
    if (await isTrue()) return;
    await pause(20);
  }
  throw new Error(`not within ten seconds: ${what}`);
}
