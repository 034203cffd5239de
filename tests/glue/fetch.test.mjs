import assert from "node:assert/strict";
import { test } from "node:test";
import { createLimiter } from "tidegate";
import { MESSAGES, messagesAnswer, messagesCall, spied, upstream } from "./support.mjs";

const BODY = JSON.stringify({ model: "claude-test-1", max_tokens: 16, messages: [] });

test("the arguments reach the upstream as they are, unknown keys and all, and none is added", async () => {
  const fetch = upstream(() => messagesAnswer());
  const limiter = createLimiter({ fetch });
  const dispatcher = {};
  const init = { method: "POST", body: BODY, headers: { a: "1" }, dispatcher, duplex: "half", cf: { a: 1 }, proxy: "p" };
  const copy = { ...init };
  const url = new URL(MESSAGES);
  await limiter.fetch(url, init);
  assert.equal(fetch.calls[0][0], url);
  assert.equal(fetch.calls[0][1], init);
  assert.deepEqual(init, copy);
});

test("no init stays no init", async () => {
  const fetch = upstream(() => messagesAnswer());
  const limiter = createLimiter({ fetch });
  await limiter.fetch(MESSAGES);
  await limiter.fetch(new Request(MESSAGES));
  assert.deepEqual(fetch.calls.map((args) => args.length), [1, 1]);
});

test("fetch needs no this", async () => {
  const { fetch } = createLimiter({ fetch: upstream(() => messagesAnswer()) });
  assert.equal((await fetch(MESSAGES)).status, 200);
});

test("without an upstream of its own it is the global fetch of that moment", async (context) => {
  const limiter = createLimiter();
  context.mock.method(globalThis, "fetch", async () => new Response("mocked"));
  assert.equal(await (await limiter.fetch(MESSAGES)).text(), "mocked");
});

const forms = {
  Headers: (fields) => new Headers(fields),
  "an array": (fields) => Object.entries(fields),
  "a plain object": (fields) => fields,
};

for (const [form, make] of Object.entries(forms)) {
  test(`hint headers in ${form} are obeyed and not sent, and the caller's own object is left alone`, async () => {
    const fetch = upstream(() => messagesAnswer());
    const limiter = createLimiter({ fetch });
    const given = { "X-Tidegate-Priority": "high", "content-type": "application/json", "x-tidegate-deadline-ms": "5000" };
    const headers = make(given);
    const submitted = await spied("submitRequest", () =>
      limiter.fetch(MESSAGES, { method: "POST", body: BODY, headers, dispatcher: "kept" }),
    );
    const [, init] = fetch.calls[0];
    assert.deepEqual([...new Headers(init.headers)], [["content-type", "application/json"]]);
    assert.equal(init.headers.constructor, headers.constructor);
    assert.equal(init.dispatcher, "kept");
    assert.equal(init.body, BODY);
    assert.equal(new Headers(headers).get("x-tidegate-priority"), "high");
    assert.deepEqual(submitted[0].slice(6, 8), [50, 5000]);
    assert.doesNotMatch(submitted[0][3], /tidegate/);
  });
}

test("hint headers of a Request are obeyed and not sent", async () => {
  const fetch = upstream(async (input, init) => Response.json(await echo(new Request(input, init))));
  const limiter = createLimiter({ fetch });
  const headers = { "x-tidegate-priority": "low", "content-type": "application/json", "x-own": "1" };
  const submitted = await spied("submitRequest", async () => {
    const response = await limiter.fetch(new Request(MESSAGES, { method: "POST", body: BODY, headers }));
    const seen = await response.json();
    assert.deepEqual(seen, { method: "POST", body: BODY, headers: { "content-type": "application/json", "x-own": "1" } });
  });
  assert.equal(submitted[0][6], -50);
});

test("a Request in the place of init is understood", async () => {
  const fetch = upstream(async (input, init) => Response.json(await echo(new Request(input, init))));
  const limiter = createLimiter({ fetch });
  const init = new Request("https://other.test/", { method: "PUT", body: "text", headers: { "x-tidegate-priority": "low", "x-own": "1" } });
  const seen = await (await limiter.fetch(MESSAGES, init)).json();
  assert.deepEqual({ ...seen, headers: seen.headers["x-own"] }, { method: "PUT", body: "text", headers: "1" });
});

async function echo(request) {
  return { method: request.method, body: await request.text(), headers: Object.fromEntries(request.headers) };
}

test("a wrong hint header rejects with an error that names it, and nothing is sent", async () => {
  const fetch = upstream(() => messagesAnswer());
  const limiter = createLimiter({ fetch });
  const wrong = [
    ["x-tidegate-priority", "urgent", "x-tidegate.priority"],
    ["x-tidegate-deadline-ms", "soon", "x-tidegate.deadlineMs"],
    ["x-tidegate-deadline-ms", "-1", "x-tidegate.deadlineMs"],
    ["x-tidegate-prio", "high", "x-tidegate-prio"],
  ];
  for (const [name, value, option] of wrong) {
    await assert.rejects(limiter.fetch(MESSAGES, { headers: { [name]: value } }), { code: "invalid-option", option });
  }
  assert.equal(fetch.calls.length, 0);
});

const readable = {
  "a string": [BODY, BODY, true],
  "a Uint8Array": [new TextEncoder().encode(BODY), new TextEncoder().encode(BODY), true],
  "an ArrayBuffer": [new TextEncoder().encode(BODY).buffer, new TextEncoder().encode(BODY), true],
  "a part of a buffer": [new DataView(new TextEncoder().encode(`..${BODY}`).buffer, 2), new TextEncoder().encode(BODY), true],
  URLSearchParams: [new URLSearchParams({ a: "1 2" }), "a=1+2", true],
  nothing: [undefined, null, true],
  FormData: [new FormData(), undefined, true],
  "a Blob": [new Blob([BODY]), undefined, true],
};

for (const [kind, [body, read, replayable]] of Object.entries(readable)) {
  test(`a body of ${kind} is ${read === undefined ? "not read" : "read"} and can be sent again`, async () => {
    const limiter = createLimiter({ fetch: upstream(() => messagesAnswer()) });
    const init = body === undefined ? { method: "POST" } : { method: "POST", body };
    const [args] = await spied("submitRequest", () => limiter.fetch(MESSAGES, init));
    assert.deepEqual(args[4], read);
    assert.equal(args[5], replayable);
  });
}

test("a streaming body is passed on untouched and cannot be sent again", async () => {
  const body = new ReadableStream({ pull: (controller) => controller.close() });
  const fetch = upstream(() => messagesAnswer());
  const limiter = createLimiter({ fetch });
  const [args] = await spied("submitRequest", () => limiter.fetch(MESSAGES, { method: "POST", body, duplex: "half" }));
  assert.equal(args[4], undefined);
  assert.equal(args[5], false);
  assert.equal(fetch.calls[0][1].body, body);
  assert.equal(body.locked, false);
});

test("the body of a JSON Request is read, sent whole, and then counts as used", async () => {
  const fetch = upstream(async (request) => Response.json(await request.json()));
  const limiter = createLimiter({ fetch });
  const request = new Request(MESSAGES, { method: "POST", body: BODY, headers: { "content-type": "application/json" } });
  const [args] = await spied("submitRequest", async () => {
    const response = await limiter.fetch(request);
    assert.equal((await response.json()).model, "claude-test-1");
  });
  assert.equal(args[1], "POST");
  assert.equal(args[2], MESSAGES);
  assert.equal(args[4], BODY);
  assert.equal(args[5], true);
  assert.equal(request.bodyUsed, true);
});

test("the body of any other Request is left to the upstream", async () => {
  const fetch = upstream((request) => new Response(request.body));
  const limiter = createLimiter({ fetch });
  const request = new Request(MESSAGES, { method: "POST", body: "plain" });
  const [args] = await spied("submitRequest", async () => {
    assert.equal(await (await limiter.fetch(request)).text(), "plain");
  });
  assert.equal(args[4], undefined);
  assert.equal(args[5], false);
  assert.equal(fetch.calls[0][0], request);
});

test("a Request of a runtime that does not show bodies is taken to have one, unless its method forbids it", async () => {
  const limiter = createLimiter({ fetch: upstream(() => messagesAnswer()) });
  const asIn = (init) => Object.defineProperty(new Request(MESSAGES, init), "body", { value: undefined });
  const headers = { "content-type": "application/json" };
  const submitted = await spied("submitRequest", async () => {
    await limiter.fetch(asIn({ method: "POST", body: "plain" }));
    await limiter.fetch(asIn({ method: "POST", body: BODY, headers }));
    await limiter.fetch(asIn({ method: "GET" }));
  });
  assert.deepEqual(submitted.map((args) => args.slice(4, 6)), [[undefined, false], [BODY, true], [null, true]]);
});

test("the core is told no credential, of the request or of the answer", async () => {
  const answer = () => messagesAnswer({ headers: { "set-cookie": "session=secret" } });
  const limiter = createLimiter({ fetch: upstream(answer) });
  const told = await spied("handleResponse", async () => {
    const submitted = await spied("submitRequest", () =>
      limiter.fetch(...messagesCall({ headers: { "x-api-key": "secret", authorization: "Bearer secret", cookie: "secret" } })),
    );
    assert.doesNotMatch(submitted[0][3], /secret/);
    assert.match(submitted[0][3], /^anthropic-version: 2023-06-01$/m);
  });
  assert.doesNotMatch(told[0][4], /secret/);
});

test("what fetch would refuse is refused as it refuses it, without a second try", async (context) => {
  const limiter = createLimiter();
  const mock = context.mock.method(globalThis, "fetch");
  await assert.rejects(limiter.fetch("not a url"), TypeError);
  await assert.rejects(limiter.fetch(MESSAGES, { headers: { "no good": "x" } }), TypeError);
  await assert.rejects(limiter.fetch(MESSAGES, { body: "x" }), TypeError);
  assert.ok(mock.mock.callCount() <= 2, "each at most once");
});

test("a fetch that answers with no Response leaves nothing in flight", async () => {
  const limiter = createLimiter({ fetch: async () => ({}) });
  await assert.rejects(limiter.fetch(MESSAGES), TypeError);
  assert.deepEqual(limiter.snapshot().scopes.map(({ inFlight }) => inFlight), limiter.snapshot().scopes.map(() => 0));
});
