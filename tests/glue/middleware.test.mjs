// The limiter as middleware: it sends by `next`, as Anthropic's SDK hands it, here by one that is scripted.
import assert from "node:assert/strict";
import { test } from "node:test";
import { createLimiter } from "tidegate";
import { messagesAnswer, oneAtATime, scriptedBody, settled, spied, stateOf, upstream, VirtualClock } from "./support.mjs";

/** A request as the SDK's middleware sees it, also on Bedrock and Vertex AI. */
function messagesRequest({ body, headers, ...rest } = {}) {
  return {
    url: "https://api.example.test/v1/messages",
    method: "POST",
    headers: new Headers({ "content-type": "application/json", "anthropic-version": "2023-06-01", ...headers }),
    body: JSON.stringify({ model: "claude-test-1", max_tokens: 500, messages: [{ role: "user", content: "hi" }], ...body }),
    ...rest,
  };
}

const overloaded = () => new Response("{}", { status: 529, headers: { "content-type": "application/json" } });

test("a call waits, is sent by one next, and settles by what its body says", async () => {
  const limiter = oneAtATime();
  const next = upstream(() => messagesAnswer());
  const permit = await limiter.acquire();
  const call = limiter.middleware()(messagesRequest(), next);
  assert.equal(await stateOf(call), "pending");
  assert.equal(next.calls.length, 0);
  permit.release();
  const response = await call;
  assert.equal(limiter.snapshot().scopes[0].inFlight, 1);
  assert.equal((await response.json()).usage.output_tokens, 4);
  assert.equal(limiter.snapshot().scopes[0].inFlight, 0);
  const [[sent]] = next.calls;
  const { headers, ...rest } = messagesRequest();
  assert.deepEqual({ ...sent, headers: [...sent.headers] }, { ...rest, headers: [...headers] });
});

test("each attempt is a next of its own, of headers that no earlier one has changed", async () => {
  const clock = new VirtualClock();
  const signed = [];
  const sign = (answer) => (request) => {
    signed.push(request.headers.get("authorization"));
    request.headers.set("authorization", `signed at ${clock.now()}`);
    return answer();
  };
  const next = upstream(sign(overloaded), sign(overloaded), sign(() => messagesAnswer()));
  const request = messagesRequest({ extra: 7 });
  const call = createLimiter({ clock, seed: 1 }).middleware()(request, next);
  await clock.advance(600_000);
  assert.equal((await call).status, 200);
  assert.deepEqual(signed, [null, null, null]);
  assert.equal(request.headers.get("authorization"), null);
  for (const [{ extra, url, body }] of next.calls) assert.deepEqual([extra, url, body], [7, request.url, request.body]);
});

test("hints of views, runs and headers hold, and hints are not sent", async () => {
  const limiter = createLimiter();
  const middleware = limiter.with({ tenant: "acme" }).middleware();
  const next = upstream(() => messagesAnswer());
  const send = async (init) => void (await (await middleware(messagesRequest(init), next)).text());
  const asked = await spied("submitRequest", async () => {
    await send();
    await limiter.run({ priority: "high" }, () => send());
    await send({ headers: { "x-tidegate-priority": "low" } });
  });
  assert.deepEqual(asked.map((args) => [args[6], args[14]]), [[0, "acme"], [50, "acme"], [-50, "acme"]]);
  for (const [{ headers }] of next.calls) assert.equal(headers.has("x-tidegate-priority"), false);
});

test("an abort of the request's own signal leaves the queue at once, and ends what is sent", async () => {
  const limiter = oneAtATime();
  const reason = new Error("the caller's own reason");
  const silent = ({ signal }) => new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
  const next = upstream(silent);
  const aborted = async (view) => {
    const controller = new AbortController();
    const call = view.middleware()(messagesRequest({ signal: controller.signal }), next);
    call.catch(() => {});
    await settled();
    controller.abort(reason);
    await assert.rejects(call, (error) => error === reason);
  };
  const permit = await limiter.acquire();
  await aborted(limiter);
  assert.equal(next.calls.length, 0);
  permit.release();
  await aborted(limiter);
  await aborted(limiter.with({ attemptTimeoutMs: 1_000_000 }));
  assert.equal(next.calls.length, 2);
  assert.equal(next.calls[1][0].signal.reason, reason);
  assert.deepEqual([limiter.snapshot().waiting, limiter.snapshot().scopes[0].inFlight], [0, 0]);
});

test("what next throws is tried again, and at last thrown as it is; the limiter's own errors are its own", async () => {
  const clock = new VirtualClock();
  const limiter = createLimiter({ clock, seed: 1, retry: { attempts: 3 } });
  const failure = new TypeError("fetch failed");
  const next = upstream(() => Promise.reject(failure));
  const call = limiter.middleware()(messagesRequest(), next);
  call.catch(() => {});
  await clock.advance(600_000);
  await assert.rejects(call, (error) => error === failure);
  assert.equal(next.calls.length, 3);
  limiter.close();
  await assert.rejects(limiter.middleware()(messagesRequest(), next), { name: "ClosedError", code: "closed" });
});

test("two calls that are the same share one next", async () => {
  const limiter = oneAtATime();
  const middleware = limiter.with({ dedupe: true }).middleware();
  const [one, other] = [upstream(() => messagesAnswer()), upstream(() => messagesAnswer())];
  const answers = await Promise.all([middleware(messagesRequest(), one), middleware(messagesRequest(), other)]);
  const [first, second] = await Promise.all(answers.map((answer) => answer.text()));
  assert.equal(first, second);
  assert.equal(one.calls.length + other.calls.length, 1);
});

test("an answer that the caller drops gives its place back", async () => {
  const limiter = oneAtATime();
  const { stream, log } = scriptedBody([new Uint8Array(3)], { end: false });
  const next = upstream(() => new Response(stream, { headers: { "content-type": "text/event-stream" } }));
  const response = await limiter.middleware()(messagesRequest(), next);
  await response.body.cancel();
  assert.notEqual(log.cancelled, undefined);
  assert.equal(limiter.snapshot().scopes[0].inFlight, 0);
});

for (const [where, url, model, provider, reserved] of [
  ["Anthropic", "https://api.anthropic.com/v1/messages", "claude-sonnet-5", undefined, (output) => output < 50_000],
  ["Vertex AI", "https://us-east5-aiplatform.googleapis.com/v1/v1/messages", "claude-sonnet-5@20260101", undefined, (output) => output < 50_000],
  ["Bedrock", "https://bedrock-runtime.us-east-1.amazonaws.com/v1/messages", "us.anthropic.claude-sonnet-5-v1:0", "bedrock", (output) => output === 50_000],
]) {
  test(`a request as a client for ${where} shows it counts where its model does, and as ${where} charges`, async () => {
    const limits = { "*claude-sonnet-*": { limits: ["input_tokens", "output_tokens"].map((dimension) => ({ dimension, amount: 100_000, periodMs: 86_400_000 })) } };
    const limiter = createLimiter({ limits, ...(provider && { provider }) });
    const next = upstream(() => new Promise(() => {}));
    limiter.middleware()(messagesRequest({ url, body: { model, max_tokens: 50_000 } }), next).catch(() => {});
    await settled();
    const [scope] = limiter.snapshot().scopes.filter(({ inFlight }) => inFlight > 0);
    assert.equal(scope.name, "*claude-sonnet-*");
    const taken = (name) => {
      const { burst, available } = scope.limits.find(({ dimension }) => dimension === name);
      return Math.round(burst - available);
    };
    assert.ok(taken("input_tokens") > 0 && taken("input_tokens") < 200, String(taken("input_tokens")));
    assert.ok(reserved(taken("output_tokens")), `${taken("output_tokens")} of output`);
  });
}
