import assert from "node:assert/strict";
import { getEventListeners } from "node:events";
import { test } from "node:test";
import { createLimiter } from "tidegate";
import { deferred, MESSAGES, messagesAnswer, messagesCall, scriptedBody, settled, stateOf, upstream, VirtualClock } from "./support.mjs";

const bytes = (text) => new TextEncoder().encode(text);

/** A Cache by the letter of the standard, over a Map. */
class MapCache {
  entries = new Map();
  matched = 0;

  async match(request) {
    this.matched += 1;
    const entry = this.entries.get(request.url);
    return entry && new Response(entry.body, entry.init);
  }

  async put(request, response) {
    if (request.method !== "GET" || !/^https?:/.test(request.url)) throw new TypeError("only GET over HTTP");
    if (response.status === 206 || response.headers.get("vary")?.includes("*")) throw new TypeError("not storable");
    const { status, statusText, headers } = response;
    this.entries.set(request.url, {
      request,
      body: new Uint8Array(await response.arrayBuffer()),
      init: { status, statusText, headers: [...headers] },
    });
  }

  get only() {
    assert.equal(this.entries.size, 1);
    const [entry] = this.entries.values();
    return { ...entry, headers: new Headers(entry.init.headers) };
  }
}

function caching(fetch, { store = new MapCache(), hints = {}, ...options } = {}) {
  const limiter = createLimiter({ fetch, retry: false, ...options });
  return { limiter, store, view: limiter.with({ cache: store, ...hints }) };
}

/** Reads an answer to its end, and lets the store do its work. */
async function read(call) {
  const text = await (await call).text();
  await settled();
  return text;
}

test("an answer is kept, and found by the same request, without a place in the limits", async () => {
  const fetch = upstream(async () => messagesAnswer({ headers: { "x-kind": "made" } }));
  const { view, limiter } = caching(fetch, { limits: { default: { concurrency: 1 } } });
  const first = await view.fetch(...messagesCall());
  const text = await first.text();
  await settled();
  const held = limiter.tryAcquire();
  const second = await view.fetch(...messagesCall());
  assert.equal(fetch.calls.length, 1);
  assert.deepEqual([second.status, second.ok, second.url, second.redirected, second.type], [200, true, MESSAGES, false, "default"]);
  assert.equal(second.headers.get("x-kind"), "made");
  assert.equal(second.headers.get("content-type"), "application/json");
  assert.ok([...second.headers.keys()].every((name) => !name.startsWith("x-tidegate")));
  assert.equal(second.clone().url, MESSAGES);
  assert.equal(await second.text(), text);
  held.release();
  assert.equal(limiter.snapshot().scopes[0].inFlight, 0);
});

test("the key is a GET for a hash, and holds no word of the request", async () => {
  const { view, store } = caching(async () => messagesAnswer());
  await read(view.fetch(`${MESSAGES}?token=hush`, { method: "POST", headers: { "x-api-key": "secret", authorization: "Bearer secret" }, body: "a prompt" }));
  const { request, init, body } = store.only;
  assert.equal(request.method, "GET");
  assert.match(request.url, /^https:\/\/tidegate\.invalid\/answers\/[0-9a-f]{64}$/);
  assert.deepEqual([...request.headers], []);
  const all = JSON.stringify([request.url, init]) + new TextDecoder().decode(body);
  for (const word of ["hush", "secret", "prompt", "example.test"]) assert.ok(!all.includes(word), word);
});

test("nobody is given the answer to another request, or to another account's", async () => {
  const fetch = upstream(async () => messagesAnswer());
  const { view } = caching(fetch);
  const [url, init] = messagesCall();
  const different = [
    [url, init],
    [`${url}?a=1`, init],
    [url, { ...init, method: "PUT" }],
    [url, { ...init, headers: { ...init.headers, "x-api-key": "one" } }],
    [url, { ...init, headers: { ...init.headers, "x-api-key": "two" } }],
    [url, { ...init, headers: { ...init.headers, cookie: "session=1" } }],
    [url, { ...init, body: `${init.body} ` }],
    [url, { ...init, body: `${init.body}\n` }],
    [url, { ...init, body: bytes(`${init.body} `) }],
    [url, { method: "POST" }],
    [url, { method: "POST", body: "" }],
  ];
  for (const args of different) await read(view.fetch(...args));
  assert.equal(fetch.calls.length, different.length);
  for (const args of different) await read(view.fetch(...args));
  assert.equal(fetch.calls.length, different.length, "each found its own");
});

test("what is other in every attempt and of no account does not matter", async () => {
  const fetch = upstream(async () => messagesAnswer());
  const { view } = caching(fetch);
  for (const [index, name] of ["traceparent", "idempotency-key", "x-request-id", "x-stainless-retry-count", "x-tidegate-priority"].entries()) {
    const value = name === "x-tidegate-priority" ? "high" : String(index);
    await read(view.fetch(...messagesCall({ headers: { [name]: value } })));
  }
  assert.equal(fetch.calls.length, 1);
});

test("requests whose body cannot be read, or that bring cookies nobody sees, pass the store by", async () => {
  const fetch = upstream(async () => messagesAnswer());
  const { view, store } = caching(fetch);
  await read(view.fetch(MESSAGES, { method: "POST", body: new FormData() }));
  await read(view.fetch(MESSAGES, { credentials: "include" }));
  await read(view.fetch(new Request(MESSAGES, { credentials: "include" })));
  assert.deepEqual([store.matched, store.entries.size], [0, 0]);
});

test("a JSON Request is found again", async () => {
  const fetch = upstream(async () => messagesAnswer());
  const { view } = caching(fetch);
  const requests = [1, 2].map(() => new Request(...messagesCall()));
  for (const request of requests) await read(view.fetch(request));
  assert.equal(fetch.calls.length, 1);
  assert.deepEqual(requests.map(({ bodyUsed }) => bodyUsed), [true, true]);
});

test("a stream is kept after its end, each chunk passed on as it comes", async () => {
  const { stream, log } = scriptedBody(["data: 1\n\n", "data: 2\n\n"].map(bytes));
  const fetch = upstream(async () => new Response(stream, { headers: { "content-type": "text/event-stream" } }));
  const { view, store } = caching(fetch);
  const reader = (await view.fetch(...messagesCall())).body.getReader();
  assert.equal(log.pulled, 0);
  const { value } = await reader.read();
  assert.deepEqual([new TextDecoder().decode(value), log.pulled], ["data: 1\n\n", 1]);
  value.fill(0);
  await reader.read();
  await settled();
  assert.equal(store.entries.size, 0, "not before its end");
  assert.equal((await reader.read()).done, true);
  await settled();
  assert.equal(await read(view.fetch(...messagesCall())), "data: 1\n\ndata: 2\n\n");
  assert.equal(fetch.calls.length, 1);
});

test("a byte stream stays one, and is kept", async () => {
  const make = async () => {
    const body = new ReadableStream({ type: "bytes", start(c) { c.enqueue(bytes("abc")); c.close(); } });
    return new Response(body);
  };
  const { view, store } = caching(make);
  const reader = (await view.fetch(MESSAGES)).body.getReader({ mode: "byob" });
  const { value } = await reader.read(new Uint8Array(8));
  assert.equal(new TextDecoder().decode(value), "abc");
  assert.equal((await reader.read(new Uint8Array(8))).done, true);
  await settled();
  assert.equal(new TextDecoder().decode(store.only.body), "abc");
});

test("what was cut is never kept: by the server, the reader, the signal, or unnoticed", async () => {
  const failing = () => {
    let pulls = 0;
    return new ReadableStream({ pull: (c) => (pulls++ === 0 ? c.enqueue(bytes("a")) : c.error(new Error("lost"))) }, { highWaterMark: 0 });
  };
  const endless = () => scriptedBody([bytes("a")], { end: false }).stream;
  const controller = new AbortController();
  const cuts = [
    [failing(), {}, (response) => response.text().catch(() => {})],
    [endless(), {}, async (response) => {
      const reader = response.body.getReader();
      await reader.read();
      await reader.cancel();
    }],
    [endless(), { signal: controller.signal }, async (response) => {
      const text = response.text();
      await settled();
      controller.abort();
      await assert.rejects(text);
    }],
    ["short", {}, (response) => response.text(), { "content-length": "10" }],
  ];
  for (const [body, hints, use, headers] of cuts) {
    const { view, store } = caching(async () => new Response(body, { headers }));
    await use(await view.with(hints).fetch(MESSAGES));
    await settled();
    assert.equal(store.entries.size, 0);
  }
});

test("only whole successes are kept", async () => {
  const sse = { headers: { "content-type": "text/event-stream" } };
  const unkept = [
    () => new Response("made", { status: 201 }),
    () => new Response("part", { status: 206 }),
    () => Response.json({ error: "busy" }, { status: 529 }),
    () => new Response(null, { status: 204 }),
    () => new Response("any", { headers: { vary: "accept, *" } }),
    () => new Response("private", { headers: { "cache-control": "private, no-store" } }),
    () => new Response('data: {"type":"message_start"}\n\nevent: error\ndata: {"type":"error"}\n\n', sse),
    () => new Response('data: {"id":1}\n\ndata: {"error":{"code":502}}\n\n', sse),
    () => Response.json({ error: { message: "busy" } }),
    () => Response.json({ type: "error", error: {} }),
  ];
  for (const [index, make] of unkept.entries()) {
    const { view, store } = caching(async () => make());
    await read(view.fetch(MESSAGES));
    assert.equal(store.entries.size, 0, `answer ${index}`);
  }
  const kept = [() => Response.json({ error: null, text: "event: error" }), () => new Response('data: {"text":"event: error"}\n\n', sse)];
  for (const make of kept) {
    const { view, store } = caching(async () => make());
    await read(view.fetch(MESSAGES));
    assert.equal(store.entries.size, 1);
  }
});

test("an answer that is too long to hold is passed on and not kept", async () => {
  const { view, store } = caching(async () => new Response(new Uint8Array(9 * 1024 * 1024)));
  const response = await view.fetch(MESSAGES);
  assert.equal((await response.arrayBuffer()).byteLength, 9 * 1024 * 1024);
  await settled();
  assert.equal(store.entries.size, 0);
});

test("headers that were of that moment, that caller or that transfer are not kept", async () => {
  const headers = {
    "content-type": "text/plain",
    "content-encoding": "gzip",
    link: "<https://api.example.test/2>; rel=next",
    "set-cookie": "session=1",
    "retry-after": "3",
    "anthropic-ratelimit-requests-remaining": "9",
    "x-ratelimit-limit-requests": "10",
    ratelimit: '"a";r=1',
    connection: "keep-alive",
    vary: "origin",
    "cache-control": "private, max-age=5",
  };
  const { view, store } = caching(async () => new Response("text", { headers }));
  await read(view.fetch(MESSAGES));
  const kept = store.only.headers;
  assert.deepEqual([...kept.keys()].sort(), ["cache-control", "content-type", "link", "x-tidegate-stored-at"]);
  assert.equal(kept.get("cache-control"), "private, max-age=5");
});

test("maxAgeMs is told to the store, and holds also where the store does not obey", async () => {
  const clock = new VirtualClock();
  const fetch = upstream(async () => new Response("x", { headers: { "cache-control": "no-store" } }));
  const store = new MapCache();
  const { view } = caching(fetch, { store, clock, hints: { cache: { store, maxAgeMs: 1500 } } });
  await read(view.fetch(MESSAGES));
  assert.equal(store.only.headers.get("cache-control"), "max-age=2");
  clock.time = 1499;
  await read(view.fetch(MESSAGES));
  assert.equal(fetch.calls.length, 1);
  clock.time = 1500;
  await read(view.fetch(MESSAGES));
  assert.equal(fetch.calls.length, 2);
  clock.time = 0;
  await read(view.fetch(MESSAGES));
  assert.equal(fetch.calls.length, 3, "an answer from tomorrow");
});

test("a store that fails harms nothing, and is told of", async () => {
  const broken = new Error("disk full");
  const stores = [
    [{ match: () => Promise.reject(broken), put: async () => {} }, ["match"]],
    [{ match: () => { throw broken; }, put: async () => {} }, ["match"]],
    [{ match: async () => undefined, put: () => Promise.reject(broken) }, ["put"]],
    [{ match: async () => undefined, put: () => { throw broken; } }, ["put"]],
  ];
  for (const [store, during] of stores) {
    const { view, limiter } = caching(async () => messagesAnswer(), { store });
    const seen = [];
    limiter.on("cache-failed", (event) => seen.push(event));
    await read(view.fetch(...messagesCall()));
    assert.deepEqual(seen, during.map((when) => ({ type: "cache-failed", during: when, error: broken })));
  }
});

test("a store that does not answer is passed over", async () => {
  const clock = new VirtualClock();
  const asked = deferred();
  const store = { match: () => new Promise(() => asked.resolve()), put: async () => {} };
  const { view, limiter } = caching(async () => messagesAnswer(), { store, clock });
  const seen = [];
  limiter.on("cache-failed", ({ during }) => seen.push(during));
  const call = view.fetch(...messagesCall());
  // The hash is computed on another thread.
  await asked.promise;
  await clock.advance(1999);
  assert.equal(await stateOf(call), "pending");
  await clock.advance(1);
  assert.equal((await call).status, 200);
  assert.deepEqual(seen, ["match"]);
});

test("an abort while the store is asked rejects at once, and nothing is sent", async () => {
  const fetch = upstream(async () => messagesAnswer());
  const asked = deferred();
  const matching = deferred();
  const match = () => asked.resolve() ?? matching.promise;
  const { view } = caching(fetch, { store: { match, put: async () => {} } });
  const controller = new AbortController();
  const call = view.fetch(...messagesCall({ signal: controller.signal }));
  call.catch(() => {});
  await asked.promise;
  controller.abort("gone");
  assert.equal(await stateOf(call), "rejected");
  await assert.rejects(call, (reason) => reason === "gone");
  matching.resolve(undefined);
  await settled();
  assert.equal(fetch.calls.length, 0);
  assert.equal(getEventListeners(controller.signal, "abort").length, 0);
});

test("an abort at any moment rejects, and leaves nothing in the queue", async () => {
  for (let turns = 0; turns < 20; turns++) {
    for (const [dedupe, stored] of [[false, true], [true, true], [true, false]]) {
      const controller = new AbortController();
      const abortSoon = async () => {
        for (let turn = 0; turn < turns; turn++) await undefined;
        controller.abort("gone");
      };
      const store = { match: async () => void abortSoon(), put: async () => {} };
      const hints = { dedupe, cache: stored ? store : false };
      const { view, limiter } = caching(async () => messagesAnswer(), { hints, limits: { default: { concurrency: 1 } } });
      const held = limiter.tryAcquire();
      const call = view.fetch(new Request(...messagesCall()), { signal: controller.signal });
      call.catch(() => {});
      if (!stored) void abortSoon();
      while (!controller.signal.aborted) await settled();
      assert.equal(await stateOf(call), "rejected", `after ${turns} turns`);
      assert.equal(limiter.snapshot().waiting, 0, `after ${turns} turns`);
      assert.equal(getEventListeners(controller.signal, "abort").length, 0);
      held.release();
    }
  }
});

test("an abort ends an answer from the store as it ends any", async () => {
  const stored = () => new Response(scriptedBody([bytes("a")], { end: false }).stream);
  const { view } = caching(undefined, { store: { match: async () => stored(), put: async () => {} } });
  const controller = new AbortController();
  const reader = (await view.fetch(MESSAGES, { signal: controller.signal })).body.getReader();
  await reader.read();
  controller.abort("gone");
  await assert.rejects(reader.read(), (reason) => reason === "gone");
  assert.equal(getEventListeners(controller.signal, "abort").length, 0);
});

test("nobody waits for the answer to be put, but whoever asked is given the work", async () => {
  const putting = deferred();
  const store = { match: async () => undefined, put: () => putting.promise };
  const work = [];
  const { view } = caching(async () => messagesAnswer(), { store, hints: { cache: { store, waitUntil: (promise) => work.push(promise) } } });
  await read(view.fetch(...messagesCall()));
  assert.equal(work.length, 1);
  assert.equal(await stateOf(work[0]), "pending");
  putting.resolve();
  assert.equal(await stateOf(work[0]), "fulfilled");
});

test("calls that share an answer look for it once and keep it once", async () => {
  const fetch = upstream(async () => messagesAnswer());
  const { view, store } = caching(fetch, { hints: { dedupe: true } });
  let puts = 0;
  const { put } = store;
  store.put = (...args) => {
    puts += 1;
    return MapCache.prototype.put.apply(store, args);
  };
  assert.equal(typeof put, "function");
  const make = () => Promise.all([1, 2, 3].map(() => view.fetch(...messagesCall()).then((response) => response.json())));
  await make();
  await settled();
  assert.deepEqual([fetch.calls.length, store.matched, puts], [1, 1, 1]);
  assert.deepEqual((await make()).map(({ type }) => type), ["message", "message", "message"]);
  assert.deepEqual([fetch.calls.length, store.matched, puts], [1, 2, 1]);
});

test("a view can switch the store off, and a wrong hint is named", async () => {
  const fetch = upstream(async () => messagesAnswer());
  const { view, store, limiter } = caching(fetch);
  await read(view.with({ cache: false }).fetch(...messagesCall()));
  assert.deepEqual([store.matched, store.entries.size], [0, 0]);
  const wrong = [
    [true, "hints.cache"],
    [null, "hints.cache"],
    [Promise.resolve(store), "hints.cache"],
    [{ store: {} }, "hints.cache.store"],
    [{ store, maxAgeMs: -1 }, "hints.cache.maxAgeMs"],
    [{ store, maxAge: 1 }, "hints.cache.maxAge"],
    [{ store, waitUntil: 1 }, "hints.cache.waitUntil"],
  ];
  for (const [cache, option] of wrong) {
    assert.throws(() => limiter.with({ cache }), { name: "OptionError", code: "invalid-option", option });
  }
});
