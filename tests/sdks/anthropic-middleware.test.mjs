// The SDK of Anthropic with the limiter as its middleware, which waits outside of the SDK's timer.
import Anthropic from "@anthropic-ai/sdk";
import { headersOf, trySdk } from "./battery.mjs";

const body = { model: "claude-sonnet-5", messages: [{ role: "user", content: "When does the tide turn?" }] };

trySdk("Anthropic", {
  scope: "claude-sonnet-*",
  dimension: "output_tokens",
  // The SDK's own timer ends a call with the attempt.
  timesOut: 1,
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
