import { VirtualClock } from "./clock.mjs";
import { equal, ok } from "./expect.mjs";
import { overNetwork } from "./loopback.mjs";
import { messagesCall } from "./scripted.mjs";

export const streams = {
  /** The server writes the next chunk only when it is told that the last one has been read: one held back would hang. */
  "streams: undelayed": overNetwork(async ({ tidegate }, talk) => {
    // Where its end gives something back, a body is observed, as that of a model's answer is.
    const limiter = tidegate.createLimiter({ limits: { default: { concurrency: 1 } } });
    const response = await limiter.fetch(talk.to("steps"));
    equal(response.headers.get("content-type"), "text/event-stream", "the type");
    const reader = response.body.getReader();
    let read = 0;
    for (let chunk = await reader.read(); !chunk.done; chunk = await reader.read()) {
      read += 1;
      equal(new TextDecoder().decode(chunk.value), `data: ${read}\n\n`, `chunk ${read}`);
      await talk.next();
    }
    equal(read, 3, "chunks");
  }),

  /** The clock stands still, so that what a call took stays to be seen. */
  "streams: usage settles": overNetwork(async ({ tidegate }, talk) => {
    const limits = { "claude-sonnet-5": { itpm: 100_000, otpm: 50_000 } };
    const clock = new VirtualClock();
    const statesNothing = async (...args) => withoutLimits(await fetch(...args));
    const limiter = tidegate.createLimiter({ limits, clock, fetch: statesNothing });
    const body = { model: "claude-sonnet-5", max_tokens: 500, stream: true };
    const headers = { "x-api-key": talk.apiKey, "x-simulate-output-tokens": "123" };
    const response = await limiter.fetch(...messagesCall(talk.messages, { headers, body }));
    equal(response.status, 200, "the status");
    equal(limiter.snapshot().inFlight, 1, "calls in flight while the body comes");
    const events = await response.text();
    ok(events.includes("event: message_stop"), "the stream came to its end");
    const { inFlight, scopes } = limiter.snapshot();
    equal(inFlight, 0, "calls in flight at its end");
    const inputTokens = Number(/"input_tokens":(\d+)/.exec(events)[1]);
    const left = Object.fromEntries(scopes.find(({ name }) => name === "claude-sonnet-5").limits.map((limit) => [limit.dimension, limit.available]));
    equal(left, { input_tokens: 100_000 - inputTokens, output_tokens: 50_000 - 123 }, "what is left");
  }),
};

/** The response without what it says of limits, so that what the limiter counted itself is seen. */
function withoutLimits(response) {
  const headers = new Headers(response.headers);
  for (const name of [...headers.keys()].filter((name) => name.includes("ratelimit"))) headers.delete(name);
  return new Response(response.body, { status: response.status, headers });
}
