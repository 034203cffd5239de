// The example is a Worker that works: run as it is, with an upstream on loopback.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import test from "node:test";
import { convertV4MiniflareOptions, Miniflare } from "miniflare";
import { bundled, messagesBody, startUpstream, until } from "./support.mjs";

const EXAMPLE = "../../../examples/worker/";

/** The example, as its own configuration says, but for where it sends to. */
async function startGateway(upstream, vars = {}) {
  const text = await readFile(new URL(`${EXAMPLE}wrangler.jsonc`, import.meta.url), "utf8");
  const config = JSON.parse(text.replace(/^\s*\/\/.*$/gm, ""));
  const [{ name, class_name: className }] = config.durable_objects.bindings;
  assert.deepEqual(config.migrations[0].new_sqlite_classes, [className]);
  const runtime = new Miniflare(
    convertV4MiniflareOptions({
      modules: await bundled(EXAMPLE + config.main),
      modulesRoot: "/",
      compatibilityDate: config.compatibility_date,
      compatibilityFlags: config.compatibility_flags,
      bindings: { ...config.vars, API_KEY: "sk-provider", CLIENT_KEYS: "key-one, key-two", UPSTREAM: upstream, ...vars },
      durableObjects: { [name]: { className, useSQLite: true } },
    }),
  );
  const url = String(await runtime.ready).replace(/\/$/, "");
  const call = (key, body, headers = {}) =>
    fetch(`${url}/v1/messages?beta=true`, {
      method: "POST",
      headers: { "content-type": "application/json", "anthropic-version": "2023-06-01", "x-api-key": key, ...headers },
      body: JSON.stringify(body),
    });
  return { call, close: () => runtime.dispose() };
}

test("clients of the gateway share its account, each by a key of its own", async () => {
  const seen = [];
  const upstream = await startUpstream((request, response, text) => {
    seen.push({ url: request.url, headers: request.headers, body: JSON.parse(text) });
    response.writeHead(200, { "content-type": "text/event-stream", "request-id": "req_1" });
    response.write('event: message_start\ndata: {"type":"message_start","message":{"usage":{"input_tokens":10,"output_tokens":1}}}\n\n');
    response.end('event: message_stop\ndata: {"type":"message_stop"}\n\n');
  });
  const gateway = await startGateway(upstream.url);
  try {
    const hints = { "x-tidegate-priority": "high", "x-tidegate-input-tokens": "0", "x-tidegate-tenant": "somebody-else" };
    const response = await gateway.call("key-two", messagesBody(3, { stream: true }), hints);
    assert.equal(response.status, 200);
    assert.equal(response.headers.get("request-id"), "req_1");
    assert.match(await response.text(), /message_stop/);
    const [{ url, headers, body }] = seen;
    assert.equal(url, "/v1/messages?beta=true");
    assert.equal(body.stream, true);
    assert.equal(headers["x-api-key"], "sk-provider");
    assert.deepEqual(Object.keys(headers).filter((name) => name.startsWith("x-tidegate")), []);

    const stranger = await gateway.call("sk-provider", messagesBody(3));
    assert.equal(stranger.status, 401);
    const wrong = await gateway.call("key-one", messagesBody(3), { "x-tidegate-priority": "first" });
    assert.equal(wrong.status, 400);
    assert.match((await wrong.json()).error.message, /x-tidegate\.priority/);
    assert.equal(seen.length, 1, "neither was sent");
  } finally {
    await gateway.close();
    await upstream.close();
  }
});

test("the gateway lets urgent calls go first, and says when it is too late", async () => {
  const order = [];
  const upstream = await startUpstream((_request, response, text) => {
    order.push(JSON.parse(text).messages[0].content);
    const isFirst = order.length === 1;
    // Nobody is served for a while, and then one after the other.
    response.writeHead(isFirst ? 429 : 200, { "content-type": "application/json", ...(isFirst ? { "retry-after": "6" } : {}) });
    response.end('{"usage":{"input_tokens":1,"output_tokens":1}}');
  });
  const gateway = await startGateway(upstream.url);
  try {
    const say = (content, priority, hints) =>
      gateway.call("key-one", { ...messagesBody(1), messages: [{ role: "user", content }] }, { "x-tidegate-priority": priority, ...hints });
    const calls = [say("first", "low")];
    await until(() => order.length === 1, "one is refused");
    calls.push(say("normal", "normal"));
    const late = await say("late", "critical", { "x-tidegate-deadline-ms": "10" });
    calls.push(say("high", "high"));
    const answers = await Promise.all(calls);

    assert.equal(late.status, 529);
    assert.equal((await late.json()).error.type, "overloaded_error");
    assert.deepEqual(answers.map(({ status }) => status), [200, 200, 200]);
    assert.deepEqual(order, ["first", "high", "normal", "first"]);
  } finally {
    await gateway.close();
    await upstream.close();
  }
});
