// The SDK of Anthropic with the limiter as its middleware, which waits outside of the SDK's timer.
import assert from "node:assert/strict";
import { test } from "node:test";
import Anthropic from "@anthropic-ai/sdk";
import { createLimiter } from "tidegate";
import { MESSAGES, messagesAnswer, spied, upstream } from "../glue/support.mjs";
import { headersOf, trySdk } from "./battery.mjs";

const body = { model: "claude-sonnet-5", messages: [{ role: "user", content: "When does the tide turn?" }] };

trySdk("Anthropic", {
  scope: "claude-sonnet-*",
  dimension: "output_tokens",
  // The SDK's own timer ends a call with the attempt.
  attempts: 1,
  client({ url, limiter, fetch, timeoutMs, bare }) {
    const how = bare ? { fetch: limiter.fetch } : { fetch, middleware: [limiter.middleware()] };
    return new Anthropic({ ...how, timeout: timeoutMs, maxRetries: 0, apiKey: "key", baseURL: url });
  },
  async create(client, { maxTokens = 100, timeoutMs, signal, ...call }) {
    const answer = await client.messages.create(
      { ...body, max_tokens: maxTokens },
      { signal, headers: headersOf(call), ...(timeoutMs && { timeout: timeoutMs }) },
    );
    return { text: answer.content[0].text, outputTokens: answer.usage.output_tokens };
  },
  async *stream(client, { maxTokens = 100, signal, ...call }) {
    const events = await client.messages.create({ ...body, max_tokens: maxTokens, stream: true }, { signal, headers: headersOf(call) });
    for await (const event of events) if (event.type === "content_block_delta") yield event.delta.text;
  },
  isTimeout: (error) => error instanceof Anthropic.APIConnectionTimeoutError,
  isAbort: (error) => error instanceof Anthropic.APIUserAbortError,
  isOverload: (error) => error.status === 529 && error.error.error.type === "overloaded_error",
});

/** A client with the limiter as its middleware, of a server that answers with each handler in turn. */
function through(handlers, { limiter: options, hints = {}, ...others } = {}) {
  const fetch = upstream(...handlers);
  const limiter = createLimiter({ seed: 1, retry: { attempts: 3, baseMs: 1 }, ...options });
  const own = limiter.with(hints).middleware();
  const client = new Anthropic({ fetch, middleware: [own], maxRetries: 0, apiKey: "key", baseURL: MESSAGES.slice(0, -"/v1/messages".length), ...others });
  return { client, fetch, limiter, own };
}

const silent = (_url, { signal }) => new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));

test("a time for each attempt that is shorter than the SDK's timer is tried again, and at last its error all the same", async () => {
  const { client, fetch } = through([silent, () => messagesAnswer()], { hints: { attemptTimeoutMs: 30 } });
  assert.equal((await client.messages.create({ ...body, max_tokens: 9 })).usage.output_tokens, 4);
  assert.equal(fetch.calls.length, 2);
  const lost = through([silent], { hints: { attemptTimeoutMs: 30 } });
  await assert.rejects(lost.client.messages.create({ ...body, max_tokens: 9 }), Anthropic.APIConnectionTimeoutError);
  assert.equal(lost.fetch.calls.length, 3);
  assert.equal(lost.limiter.snapshot().scopes[0].inFlight, 0);
});

test("other middleware reads the same answer, before it and behind it", async () => {
  const seen = [];
  const reading = (place) => async (request, next, context) => {
    const response = await next(request);
    seen.push([place, (await context.parse(response)).usage.output_tokens]);
    return response;
  };
  const { client, own, limiter } = through([() => messagesAnswer()]);
  const both = client.withOptions({ middleware: [reading("before"), own, reading("behind")] });
  assert.equal((await both.messages.create({ ...body, max_tokens: 9 })).usage.output_tokens, 4);
  assert.deepEqual(seen, [["behind", 4], ["before", 4]]);
  assert.equal(limiter.snapshot().scopes[0].inFlight, 0);
});

test("hints of a run reach the calls that the SDK makes in it, and a call may bring the middleware itself", async () => {
  const { client, limiter, own } = through([() => messagesAnswer()]);
  const bare = client.withOptions({ middleware: [] });
  const asked = await spied("submitRequest", async () => {
    await limiter.run({ priority: "high", tenant: "acme" }, () => client.messages.create({ ...body, max_tokens: 9 }));
    await bare.messages.create({ ...body, max_tokens: 9 }, { middleware: [own] });
    await bare.messages.create({ ...body, max_tokens: 9 });
  });
  assert.deepEqual(asked.map((args) => [args[6], args[14]]), [[50, "acme"], [0, undefined]]);
});
