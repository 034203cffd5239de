// The SDK of Mistral, which sends Request objects, through its adapter.
import assert from "node:assert/strict";
import { createServer } from "node:http";
import { test } from "node:test";
import { HTTPClient, Mistral } from "@mistralai/mistralai";
import { MistralError, RequestAbortedError, RequestTimeoutError } from "@mistralai/mistralai/models/errors";
import { createLimiter } from "tidegate";
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

for (const [what, init, sent] of [
  ["is sent once where its body is a stream", () => ({ body: new Blob(["ebb and ", "flood"]).stream(), duplex: "half" }), 1],
  ["is sent again where its body is JSON", () => ({ body: '"ebb and flood"', headers: { "content-type": "application/json" } }), 2],
]) {
  test(`Mistral: a Request ${what}, with all that is in it, and its timer`, async () => {
    const seen = [];
    const server = createServer(async (request) => {
      let body = "";
      for await (const chunk of request) body += chunk;
      seen.push(`${request.method} ${request.url} ${request.headers["x-own"]} ${body}`);
    });
    await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
    try {
      const limiter = createLimiter({ seed: 1, retry: { attempts: 2, baseMs: 1 } });
      const { httpClient } = forMistral(limiter, HTTPClient, { timeoutMs: 300 });
      const request = new Request(`http://127.0.0.1:${server.address().port}/v1/files`, { method: "PUT", ...init() });
      request.headers.set("x-own", "7");
      await assert.rejects(httpClient.request(request), { name: "TimeoutError" });
      const body = request.headers.has("content-type") ? '"ebb and flood"' : "ebb and flood";
      assert.deepEqual(seen, Array(sent).fill(`PUT /v1/files 7 ${body}`));
    } finally {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    }
  });
}
