import assert from "node:assert/strict";
import { test } from "node:test";
import { createLimiter } from "tidegate";
import { messagesAnswer, messagesCall, scriptedBody, settled, spied, stateOf, upstream, VirtualClock } from "./support.mjs";

const rateLimited = (body, headers = { "retry-after": "7" }) =>
  new Response(body ?? JSON.stringify({ type: "error", error: { type: "rate_limit_error", message: "slow down" } }), {
    status: 429,
    headers: { "content-type": "application/json", ...headers },
  });

test("a refused call is sent again after the stated wait, with its body, and the refused body is let go", async () => {
  const clock = new VirtualClock();
  const { stream, log } = scriptedBody([new Uint8Array(10)]);
  const fetch = upstream(() => rateLimited(stream), () => messagesAnswer());
  const limiter = createLimiter({ fetch, clock, seed: 1 });
  const call = limiter.fetch(...messagesCall());
  await settled();
  assert.notEqual(log.cancelled, undefined);
  await clock.advance(6_999);
  assert.equal(fetch.calls.length, 1);
  await clock.advance(60_000);
  const response = await call;
  assert.equal(response.status, 200);
  assert.equal(fetch.calls.length, 2);
  assert.deepEqual(fetch.calls[1], fetch.calls[0]);
});

test("a JSON Request is sent again whole", async () => {
  const clock = new VirtualClock();
  const bodies = [];
  const fetch = upstream(
    async (request) => {
      bodies.push(await request.text());
      return rateLimited();
    },
    async (request) => {
      bodies.push(await request.text());
      return messagesAnswer();
    },
  );
  const limiter = createLimiter({ fetch, clock, seed: 1 });
  const [url, init] = messagesCall();
  const call = limiter.fetch(new Request(url, init));
  await clock.advance(60_000);
  assert.equal((await call).status, 200);
  assert.deepEqual(bodies, [init.body, init.body]);
});

test("after the last attempt the caller gets the server's own answer, body and all", async () => {
  const clock = new VirtualClock();
  let last;
  const fetch = upstream(() => {
    last = rateLimited();
    return last;
  });
  const limiter = createLimiter({ fetch, clock, seed: 1, retry: { attempts: 2 } });
  const call = limiter.fetch(...messagesCall());
  await clock.advance(600_000);
  const response = await call;
  assert.equal(fetch.calls.length, 2);
  assert.equal(response.status, 429);
  assert.equal(response.headers.get("retry-after"), "7");
  assert.equal((await response.json()).error.type, "rate_limit_error");
});

test("with retry: false the first answer is the caller's", async () => {
  const fetch = upstream(() => rateLimited());
  const limiter = createLimiter({ fetch, retry: false });
  const response = await limiter.fetch(...messagesCall());
  assert.equal((await response.json()).error.message, "slow down");
  assert.equal(fetch.calls.length, 1);
});

test("a connection failure is tried again, and at last thrown as it came", async () => {
  const clock = new VirtualClock();
  const failure = new TypeError("fetch failed", { cause: new Error("ECONNRESET") });
  const fetch = upstream(() => Promise.reject(failure));
  const limiter = createLimiter({ fetch, clock, seed: 1, retry: { attempts: 3 } });
  const call = limiter.fetch(...messagesCall());
  call.catch(() => {});
  await clock.advance(600_000);
  await assert.rejects(call, (error) => error === failure);
  assert.equal(fetch.calls.length, 3);
});

test("without options there are four attempts in all", async () => {
  const clock = new VirtualClock();
  const fetch = upstream(() => rateLimited());
  const call = createLimiter({ fetch, clock, seed: 1 }).fetch(...messagesCall());
  await clock.advance(600_000);
  assert.equal((await call).status, 429);
  assert.equal(fetch.calls.length, 4);
});

test("an upstream that throws instead of rejecting is a connection failure too", async () => {
  const failure = new Error("broken");
  const limiter = createLimiter({
    fetch: () => {
      throw failure;
    },
    retry: false,
  });
  await assert.rejects(limiter.fetch(...messagesCall()), (error) => error === failure);
});

test("a streaming body is never sent twice", async () => {
  const fetch = upstream(() => rateLimited());
  const limiter = createLimiter({ fetch });
  const body = new ReadableStream({ pull: (controller) => controller.close() });
  const response = await limiter.fetch(...messagesCall({ body, duplex: "half" }));
  assert.equal(response.status, 429);
  assert.equal(fetch.calls.length, 1);
});

test("a call that waits for its next attempt is refused when the limiter closes", async () => {
  const clock = new VirtualClock();
  const limiter = createLimiter({ fetch: upstream(() => rateLimited()), clock, seed: 1 });
  const call = limiter.fetch(...messagesCall());
  assert.equal(await stateOf(call), "pending");
  limiter.close();
  await assert.rejects(call, { code: "closed" });
});

// A 429 of Anthropic without retry-after may be a spent budget, which only its body tells.
const spent = (size = 0) =>
  JSON.stringify({
    type: "error",
    error: {
      type: "rate_limit_error",
      message: "spend limit reached",
      details: { error_code: "enforced_spend_limit_reached", padding: "x".repeat(size) },
    },
  });

for (const [name, size] of [["short", 0], ["longer than what is looked at", 200_000]]) {
  test(`a refusal whose body had to be looked at is delivered with its whole body (${name})`, async () => {
    const text = spent(size);
    const answers = {
      "at once": () => rateLimited(text, {}),
      "in pieces": () => {
        const bytes = new TextEncoder().encode(text);
        const pieces = [];
        for (let from = 0; from < bytes.length; from += 50_000) pieces.push(bytes.slice(from, from + 50_000));
        return rateLimited(scriptedBody(pieces).stream, {});
      },
    };
    for (const answer of Object.values(answers)) {
      const clock = new VirtualClock();
      const limiter = createLimiter({ fetch: upstream(answer), retry: false, clock });
      const looked = await spied("handleBody", async () => {
        const response = await limiter.fetch(...messagesCall());
        assert.equal(response.status, 429);
        assert.equal(await response.text(), text);
      });
      assert.equal(looked.length, 1);
      assert.equal(clock.armed, 0);
      assert.ok(looked[0][5].byteLength > 0);
    }
  });
}

test("a refusal whose body never comes is judged without it, after a moment", async () => {
  const clock = new VirtualClock();
  const { stream } = scriptedBody([new TextEncoder().encode('{"type":')], { end: false });
  const limiter = createLimiter({ fetch: upstream(() => rateLimited(stream, {})), clock, seed: 1, retry: false });
  const call = limiter.fetch(...messagesCall());
  assert.equal(await stateOf(call), "pending");
  await clock.advance(10_000);
  const reader = (await call).body.getReader();
  assert.equal(new TextDecoder().decode((await reader.read()).value), '{"type":');
  assert.equal(clock.armed, 0);
});

test("an abort while the body of a refusal is looked at rejects at once and drops it", async () => {
  const { stream, log } = scriptedBody([new TextEncoder().encode('{"type":')], { end: false });
  const limiter = createLimiter({ fetch: upstream(() => rateLimited(stream, {})), clock: new VirtualClock() });
  const controller = new AbortController();
  const call = limiter.fetch(...messagesCall({ signal: controller.signal }));
  assert.equal(await stateOf(call), "pending");
  controller.abort("enough");
  await assert.rejects(call, (reason) => reason === "enough");
  await settled();
  assert.notEqual(log.cancelled, undefined);
});
