// The SDK of Mistral, which sends Request objects, through its adapter.
import { HTTPClient, Mistral } from "@mistralai/mistralai";
import { MistralError, RequestAbortedError, RequestTimeoutError } from "@mistralai/mistralai/models/errors";
import { forMistral } from "tidegate/mistral";
import { headersOf, trySdk } from "./battery.mjs";

const asked = { model: "mistral-small-latest", messages: [{ role: "user", content: "When does the tide turn?" }] };

trySdk("Mistral", {
  scope: "mistral-*",
  dimension: "tokens",
  client({ url, limiter, timeoutMs, bare }) {
    const how = bare
      ? { httpClient: new HTTPClient({ fetcher: limiter.fetch }), timeoutMs }
      : forMistral(limiter, HTTPClient, { timeoutMs });
    return new Mistral({ ...how, apiKey: "key", serverURL: url });
  },
  async create(client, { maxTokens = 100, signal, ...call }) {
    const answer = await client.chat.complete({ ...asked, maxTokens }, { signal, headers: headersOf(call) });
    return { text: answer.choices[0].message.content, outputTokens: answer.usage.completionTokens };
  },
  async *stream(client, { maxTokens = 100, signal, ...call }) {
    const events = await client.chat.stream({ ...asked, maxTokens }, { signal, headers: headersOf(call) });
    for await (const { data } of events) {
      const text = data.choices[0]?.delta.content;
      if (text) yield text;
    }
  },
  isTimeout: (error) => error instanceof RequestTimeoutError,
  isAbort: (error) => error instanceof RequestAbortedError || error.name === "AbortError",
  isOverload: (error) => error instanceof MistralError && error.statusCode === 503 && error.body.includes("error"),
});
