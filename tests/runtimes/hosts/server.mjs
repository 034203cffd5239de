// The loopback server of the contract: the package's own simulator, a few scripted routes, and pages for browsers.
//
// Two ports answer alike. Pages are loaded from one and call the other, as web applications do: so what a browser sends
// passes its rules for other origins, and a header that an API would not allow is noticed.
import { createReadStream } from "node:fs";
import { createServer } from "node:http";
import path from "node:path";
import { Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import { importFrom } from "./project.mjs";

/**
 * Starts the server.
 *
 * @param project The folder of the project that has the package installed.
 * @param site What browsers ask for: `folders` of files by the path below which they are, and single `texts` by their path,
 * each `{ type, text, headers }`.
 * @returns the address of the API, that of the pages, and a function that ends both.
 */
export async function startServer(project, site = {}) {
  const { createSimulator } = await importFrom(project, "tidegate/simulator");
  const script = new Script(createSimulator);
  const api = await listening((request, response, url) => script.answer(request, response, url));
  const pages = await listening((request, response, url) => servePage(response, url.pathname, site));
  return {
    base: api.url,
    pages: pages.url,
    close: () => Promise.all([api.close(), pages.close()]),
  };
}

/** Every conversation by its name: how far it is, and who waits for what. */
class Script {
  #createSimulator;
  /** A simulator for each API key, so that its counts are those of one conversation. */
  #simulators = new Map();
  #conversations = new Map();

  constructor(createSimulator) {
    this.#createSimulator = createSimulator;
  }

  async answer(request, response, url) {
    const origin = request.headers.origin;
    if (origin !== undefined) allow(response, origin);
    if (request.method === "OPTIONS") return void response.writeHead(204).end();
    if (url.pathname.startsWith("/v1/")) return this.#simulate(request, response, url);
    if (url.pathname === "/stats") return json(response, this.#counts(request.headers["x-api-key"]));
    const conversation = this.#conversation(url.searchParams.get("name"));
    switch (url.pathname) {
      case "/steps":
        return steps(conversation, request, response);
      case "/next":
        conversation.happens("next");
        return void response.end();
      case "/hang":
        conversation.arrives(request);
        return;
      case "/reset":
        return reset(conversation, Number(url.searchParams.get("times")), request, response);
      case "/seen":
        await conversation.until(url.searchParams.get("until"));
        return json(response, { arrived: conversation.count("arrived") });
      default:
        return void response.writeHead(404).end();
    }
  }

  #conversation(name) {
    let conversation = this.#conversations.get(name);
    if (conversation === undefined) this.#conversations.set(name, (conversation = new Conversation()));
    return conversation;
  }

  #simulator(apiKey) {
    let simulator = this.#simulators.get(apiKey);
    if (simulator === undefined) {
      const timing = { firstTokenMs: 5, tokensPerSecond: 5_000, refusalMs: 1 };
      simulator = this.#createSimulator({ seed: 1, timing });
      this.#simulators.set(apiKey, simulator);
    }
    return simulator;
  }

  async #simulate(request, response, url) {
    const body = await buffer(request);
    const left = new AbortController();
    response.once("close", () => left.abort());
    const headers = Object.entries(request.headers).filter(([, value]) => typeof value === "string");
    const simulator = this.#simulator(request.headers["x-api-key"]);
    const answer = await simulator.fetch(url.href, { method: request.method, headers, body, signal: left.signal });
    response.writeHead(answer.status, [...answer.headers].flat());
    Readable.fromWeb(answer.body).on("error", () => {}).pipe(response);
  }

  #counts(apiKey) {
    const groups = this.#simulator(apiKey).stats().organisations.flatMap((organisation) => organisation.groups);
    const sum = (value) => groups.reduce((total, group) => total + value(group), 0);
    return {
      served: sum(({ counts }) => counts.served),
      refused: sum(({ counts }) => counts.refused),
      outputTokens: sum(({ limits }) => limits.find(({ dimension }) => dimension === "outputTokens").charged),
    };
  }
}

/** What has happened in one conversation, and how often. */
class Conversation {
  #counts = new Map();
  #waiting = [];

  arrives(request) {
    this.happens("arrived");
    request.socket.once("close", () => this.happens("left"));
  }

  happens(what) {
    this.#counts.set(what, this.count(what) + 1);
    this.#waiting = this.#waiting.filter((check) => !check());
  }

  count(what) {
    return this.#counts.get(what) ?? 0;
  }

  /** Until it has happened, or so many times; at once where nothing is named. */
  until(what, times = 1) {
    return new Promise((resolve) => {
      const check = () => {
        const isSo = what === null || this.count(what) >= times;
        if (isSo) resolve();
        return isSo;
      };
      if (!check()) this.#waiting.push(check);
    });
  }
}

/** Three events, each after the client has said that it has the last one. */
async function steps(conversation, request, response) {
  conversation.arrives(request);
  response.writeHead(200, { "content-type": "text/event-stream" });
  for (let step = 1; step <= 3; step++) {
    response.write(`data: ${step}\n\n`);
    await conversation.until("next", step);
  }
  response.end();
}

/** Breaks the connection so many times, then answers with what was sent. */
async function reset(conversation, times, request, response) {
  conversation.happens("reset");
  const body = await buffer(request);
  if (conversation.count("reset") <= times) request.socket.resetAndDestroy();
  else response.end(body);
}

/** What an API lets pages of other origins send and see. */
function allow(response, origin) {
  response.setHeader("access-control-allow-origin", origin);
  response.setHeader("access-control-allow-methods", "GET, POST, PUT");
  response.setHeader("access-control-allow-headers", "anthropic-version, content-type, x-api-key, x-simulate-output-tokens");
  response.setHeader("access-control-expose-headers", "*");
}

/** A text, or else a file: of the folders, that with the longest path. */
function servePage(response, pathname, { folders = {}, texts = {} }) {
  const text = texts[pathname];
  if (text !== undefined) return void response.writeHead(200, { "content-type": text.type, ...text.headers }).end(text.text);
  const place = Object.keys(folders).filter((place) => pathname.startsWith(place)).sort((a, b) => b.length - a.length)[0];
  const file = place === undefined ? undefined : path.join(folders[place], path.normalize(pathname.slice(place.length)));
  if (file === undefined || !file.startsWith(path.join(folders[place], path.sep))) return void response.writeHead(404).end();
  const stream = createReadStream(file);
  stream.once("error", () => response.writeHead(404).end());
  stream.once("open", () => {
    response.writeHead(200, { "content-type": TYPES[path.extname(file)] ?? "application/octet-stream" });
    stream.pipe(response);
  });
}

function json(response, value) {
  response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(value));
}

async function listening(answer) {
  const server = createServer((request, response) => {
    // A conversation that was not as it should be shows at the client.
    Promise.resolve(answer(request, response, new URL(request.url, "http://127.0.0.1"))).catch((error) => response.destroy(error));
  });
  await new Promise((resolve, reject) => server.once("error", reject).listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${server.address().port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(resolve);
        server.closeAllConnections();
      }),
  };
}

const TYPES = {
  ".css": "text/css",
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript",
  ".json": "application/json",
  ".mjs": "text/javascript",
  ".wasm": "application/wasm",
};
