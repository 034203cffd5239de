// What runs a Worker in workerd, as Cloudflare does, and asks it things.
import http from "node:http";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { convertV4MiniflareOptions, Log, LogLevel, Miniflare } from "miniflare";

import { installed } from "../installed.mjs";

const here = (file) => fileURLToPath(new URL(file, import.meta.url));

/** The Worker and the module that it imports, as wrangler would upload them. */
export async function bundle() {
  const { outputFiles } = await build({
    entryPoints: [here("worker.mjs")],
    bundle: true,
    format: "esm",
    conditions: ["workerd", "worker", "browser"],
    loader: { ".wasm": "copy" },
    assetNames: "[name]",
    plugins: [installed],
    outdir: "out",
    write: false,
  });
  const modules = outputFiles.map(({ path, contents, text }) => {
    const name = path.slice(path.lastIndexOf("/") + 1);
    return name.endsWith(".wasm")
      ? { type: "CompiledWasm", path: `/${name}`, contents }
      : { type: "ESModule", path: `/${name}`, contents: text };
  });
  // The first one is the Worker.
  return modules.sort((one, other) => Number(one.type !== "ESModule") - Number(other.type !== "ESModule"));
}

/** One isolate that serves the bundle, reached without anything in between, so that it sees its clients go. */
export class Isolate {
  #miniflare;
  #url;
  /** What workerd says. */
  said = "";

  /** @param modules as `bundle` makes them. */
  static async start(modules, { date, flags = [], bindings }) {
    const isolate = new Isolate();
    isolate.#miniflare = new Miniflare(
      convertV4MiniflareOptions({
        modules,
        modulesRoot: "/",
        compatibilityDate: date,
        compatibilityFlags: flags,
        bindings,
        unsafeDirectSockets: [{ host: "127.0.0.1", port: 0 }],
        log: new Log(LogLevel.NONE),
        handleStructuredLogs: ({ message }) => (isolate.said += `${message}\n`),
      }),
    );
    await isolate.#miniflare.ready;
    isolate.#url = await isolate.#miniflare.unsafeGetDirectURL();
    return isolate;
  }

  stop() {
    return this.#miniflare.dispose();
  }

  /** The status and the text of the answer. */
  async ask(path, init) {
    const visit = this.visit(path, init);
    const response = await visit.response;
    let text = "";
    for await (const piece of response) text += piece;
    return { status: response.statusCode, text };
  }

  async json(path) {
    const { text } = await this.ask(path);
    try {
      return JSON.parse(text);
    } catch {
      throw new Error(`${path}: ${text}`);
    }
  }

  /** A client with a connection of its own. */
  visit(path, { method = "GET", headers, body } = {}) {
    const request = http.request(new URL(path, this.#url), { method, headers, agent: false });
    const response = new Promise((resolve, reject) => {
      request.once("response", (response) => resolve(response.setEncoding("utf8")));
      request.once("error", reject);
    });
    response.catch(() => {});
    request.end(body);
    return { response, leave: () => request.socket.resetAndDestroy() };
  }
}

/** A server that does what its test says. */
export class Upstream {
  #server;
  #handlers = new Map();
  /** How often each path was asked for. */
  asked = new Map();

  static async start() {
    const upstream = new Upstream();
    upstream.#server = http.createServer((request, response) => upstream.#answer(request, response));
    upstream.#server.listen(0, "127.0.0.1");
    await new Promise((resolve) => upstream.#server.once("listening", resolve));
    return upstream;
  }

  get url() {
    return `http://127.0.0.1:${this.#server.address().port}`;
  }

  on(path, handler) {
    this.#handlers.set(path, handler);
  }

  stop() {
    this.#server.closeAllConnections();
    return new Promise((resolve) => this.#server.close(resolve));
  }

  #answer(request, response) {
    const { pathname } = new URL(request.url, "http://upstream");
    const count = (this.asked.get(pathname) ?? 0) + 1;
    this.asked.set(pathname, count);
    const handler = this.#handlers.get(pathname);
    if (handler === undefined) response.end(`answer ${count}`);
    else handler(response, count);
  }
}

/** Resolves when `holds` says so, asked again and again for a bounded time. */
export async function eventually(holds, withinMs = 20_000) {
  const until = Date.now() + withinMs;
  for (;;) {
    if (await holds()) return;
    if (Date.now() > until) throw new Error(`it did not come to hold within ${withinMs} ms: ${holds}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
