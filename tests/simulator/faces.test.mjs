// Gemini and Bedrock as they are simulated: to their real SDKs, and through the limiter in virtual time.
import assert from "node:assert/strict";
import { test } from "node:test";
import {
  BedrockRuntimeClient,
  ConverseCommand,
  ConverseStreamCommand,
  CountTokensCommand,
  InvokeModelCommand,
  InvokeModelWithResponseStreamCommand,
  ServiceUnavailableException,
  ThrottlingException,
  ValidationException,
} from "@aws-sdk/client-bedrock-runtime";
import { ApiError, GoogleGenAI } from "@google/genai";
import { FetchHttpHandler } from "@smithy/fetch-http-handler";
import { createLimiter } from "tidegate";
import { createSimulator } from "tidegate/simulator";
import { VirtualClock } from "./virtual-clock.mjs";

const QUESTION = "When does the tide turn?";
const GEMINI = "gemini-2.5-flash";
const NOVA = "amazon.nova-pro-v1:0";
const CLAUDE = "us.anthropic.claude-sonnet-4-5-20250929-v1:0";

function google(options) {
  const simulator = createSimulator({ clock: new Immediately(), ...options });
  const { models } = new GoogleGenAI({ apiKey: "key", httpOptions: { baseUrl: "http://gemini.test", fetch: simulator.fetch } });
  return { simulator, models };
}

function bedrock(options) {
  const simulator = createSimulator({ clock: new Immediately(), ...options });
  const client = new BedrockRuntimeClient({
    region: "us-east-1",
    endpoint: "http://bedrock.test",
    credentials: { accessKeyId: "AKIDEXAMPLE", secretAccessKey: "secret" },
    requestHandler: new FetchHttpHandler({ customFetch: simulator.fetch }),
    maxAttempts: 1,
  });
  return { simulator, send: (Command, input) => client.send(new Command(input)) };
}

/** A clock whose timers are due as soon as nothing else is to be done. */
class Immediately {
  #now = 0;
  now = () => this.#now;
  setTimer(callback, ms) {
    const at = this.#now + ms;
    return setImmediate(() => {
      this.#now = Math.max(this.#now, at);
      callback();
    });
  }
  clearTimer = (timer) => clearImmediate(timer);
}

const conversation = (maxTokens = 100) => ({
  modelId: NOVA,
  messages: [{ role: "user", content: [{ text: QUESTION }] }],
  inferenceConfig: { maxTokens },
});

test("Google's SDK reads content, streams, counts and errors", async () => {
  const { models } = google({ limits: { [GEMINI]: { rpm: 2 } } });
  const asked = { model: GEMINI, contents: QUESTION, config: { maxOutputTokens: 90 } };
  const { text, usageMetadata } = await models.generateContent(asked);
  assert.ok(text.length > 0);
  assert.equal(usageMetadata.totalTokenCount, usageMetadata.promptTokenCount + usageMetadata.candidatesTokenCount);
  const parts = [];
  for await (const part of await models.generateContentStream(asked)) parts.push(part);
  assert.ok(parts.length > 1);
  assert.match(parts.at(-1).candidates[0].finishReason, /^(STOP|MAX_TOKENS)$/);
  assert.equal((await models.countTokens({ model: GEMINI, contents: QUESTION })).totalTokens, usageMetadata.promptTokenCount);
  await assert.rejects(models.generateContent(asked), (error) => {
    assert.ok(error instanceof ApiError);
    assert.equal(error.status, 429);
    const { details, status } = JSON.parse(error.message).error;
    assert.equal(status, "RESOURCE_EXHAUSTED");
    assert.match(details.find((detail) => detail["@type"].endsWith("RetryInfo")).retryDelay, /^[\d.]+s$/);
    return true;
  });
  const broken = google({ faults: { streamError: 1 } });
  const read = async () => {
    for await (const _ of await broken.models.generateContentStream({ ...asked, config: { maxOutputTokens: 900 } }));
  };
  await assert.rejects(read(), /UNAVAILABLE/);
});

test("the SDK of AWS reads the answers, streams and counts of Bedrock", async () => {
  const { send } = bedrock({});
  const { output, usage } = await send(ConverseCommand, conversation());
  assert.ok(output.message.content[0].text.length > 0);
  assert.equal(usage.totalTokens, usage.inputTokens + usage.outputTokens);
  let text = "";
  let last;
  for await (const event of (await send(ConverseStreamCommand, conversation())).stream) {
    text += event.contentBlockDelta?.delta.text ?? "";
    last = event;
  }
  assert.ok(text.length > 0);
  // What is drawn depends on what is asked alone.
  assert.deepEqual(last.metadata.usage, usage);
  const body = JSON.stringify({
    anthropic_version: "bedrock-2023-05-31",
    max_tokens: 200,
    messages: [{ role: "user", content: QUESTION }],
  });
  const invoked = JSON.parse((await send(InvokeModelCommand, { modelId: CLAUDE, body })).body.transformToString());
  const chunks = [];
  for await (const { chunk } of (await send(InvokeModelWithResponseStreamCommand, { modelId: CLAUDE, body })).body) {
    chunks.push(JSON.parse(Buffer.from(chunk.bytes).toString()));
  }
  assert.ok(chunks.some(({ delta }) => delta?.text));
  assert.equal(chunks.at(-1)["amazon-bedrock-invocationMetrics"].outputTokenCount, invoked.usage.output_tokens);
  const { messages } = conversation();
  assert.equal((await send(CountTokensCommand, { modelId: NOVA, input: { converse: { messages } } })).inputTokens, usage.inputTokens);
});

test("the SDK of AWS knows the errors of Bedrock for what they are", async () => {
  const small = bedrock({ limits: { default: { tpm: 1_000 } } });
  await assert.rejects(small.send(ConverseCommand, conversation(2_000)), (error) => {
    assert.ok(error instanceof ThrottlingException);
    assert.deepEqual([error.$metadata.httpStatusCode, error.$response.headers["retry-after"]], [429, undefined]);
    return true;
  });
  await assert.rejects(small.send(ConverseCommand, { ...conversation(), messages: [] }), ValidationException);
  await assert.rejects(bedrock({ faults: { overloaded: 1 } }).send(ConverseCommand, conversation()), ServiceUnavailableException);
  const { stream } = await bedrock({ faults: { streamError: 1 } }).send(ConverseStreamCommand, conversation(900));
  const read = async () => {
    for await (const _ of stream);
  };
  await assert.rejects(read(), ServiceUnavailableException);
});

/** So small that what is used has not come back before it is looked at. */
const LIMITS = { rpm: 6, itpm: 6_000, tpm: 60_000 };
const OUTPUT_TOKENS = 2_000;

const FACES = {
  Gemini: {
    url: `https://gemini.test/v1beta/models/${GEMINI}:streamGenerateContent?alt=sse`,
    headers: { "x-goog-api-key": "key" },
    body: { contents: [{ role: "user", parts: [{ text: "When does the tide turn? ".repeat(100) }] }], generationConfig: { maxOutputTokens: 8_000 } },
    limits: { [GEMINI]: { rpm: LIMITS.rpm, itpm: LIMITS.itpm } },
    dimensions: { requests: "requests", input_tokens: "inputTokens" },
    fails: /UNAVAILABLE/,
  },
  ConverseStream: {
    url: `https://bedrock.test/model/${encodeURIComponent(NOVA)}/converse-stream`,
    headers: { authorization: "Bearer key" },
    body: { messages: [{ role: "user", content: [{ text: "When does the tide turn? ".repeat(100) }] }], inferenceConfig: { maxTokens: 8_000 } },
    limits: { [NOVA]: { rpm: LIMITS.rpm, tpm: LIMITS.tpm } },
    dimensions: { requests: "requests", tokens: "tokens" },
    fails: /serviceUnavailableException/,
  },
  InvokeModelWithResponseStream: {
    url: `https://bedrock.test/model/${encodeURIComponent(CLAUDE)}/invoke-with-response-stream`,
    headers: { authorization: "Bearer key" },
    body: { anthropic_version: "bedrock-2023-05-31", max_tokens: 8_000, messages: [{ role: "user", content: "When does the tide turn? ".repeat(100) }] },
    limits: { [CLAUDE]: { rpm: LIMITS.rpm, tpm: LIMITS.tpm } },
    dimensions: { requests: "requests", tokens: "tokens" },
    fails: /serviceUnavailableException/,
  },
};

function world({ limits }, options = {}) {
  const clock = new VirtualClock();
  clock.wallNow = () => Date.UTC(2026, 10, 23) + clock.now();
  const timing = { firstTokenMs: 20, tokensPerSecond: 400, variation: 0.1 };
  const simulator = createSimulator({ clock, seed: 1, timing, limits: { default: LIMITS }, ...options });
  const limiter = createLimiter({ clock, seed: 1, fetch: simulator.fetch, limits });
  return { clock, simulator, limiter };
}

function streamed({ url, headers, body }) {
  const all = { ...headers, "content-type": "application/json", "x-simulate-output-tokens": String(OUTPUT_TOKENS) };
  return [url, { method: "POST", headers: all, body: JSON.stringify(body) }];
}

/** Asserts that of each limit as much is left in the books as there is, up to a share of what was charged. */
function assertBooked({ limiter, simulator }, { dimensions, limits }, share = 0) {
  const scope = limiter.snapshot().scopes.find(({ name }) => Object.keys(limits).includes(name));
  const [group] = simulator.stats().organisations[0].groups;
  assert.deepEqual([scope.inFlight, group.counts.inFlight], [0, 0]);
  for (const [ours, theirs] of Object.entries(dimensions)) {
    const { available } = scope.limits.find(({ dimension }) => dimension === ours);
    const { remaining, charged, perMinute } = group.limits.find(({ dimension }) => dimension === theirs);
    // Until a request has reached the server, which may take it 50 ms, a full limit does not fill further.
    const most = Math.ceil((perMinute / 60) * 0.05) + 2 + charged * share;
    assert.ok(charged > 0);
    assert.ok(Math.abs(available - remaining) <= most, `${ours}: ${available} in the books and ${remaining} left of ${charged} charged`);
  }
}

for (const [name, face] of Object.entries(FACES)) {
  test(`${name}: every chunk is the server's to the byte and comes when the server sends it, and the books are the server's`, async () => {
    const arrivals = async (fetch, clock) => {
      const response = await clock.run(fetch(...streamed(face)));
      const seen = [];
      const read = async () => {
        for await (const chunk of response.body) seen.push([clock.now(), Buffer.from(chunk).toString("hex")]);
      };
      await clock.run(read());
      return seen;
    };
    const direct = world(face);
    const through = world(face);
    const expected = await arrivals(direct.simulator.fetch, direct.clock);
    assert.ok(expected.length > 50);
    assert.deepEqual(await arrivals(through.limiter.fetch, through.clock), expected);
    assertBooked(through, face);
  });

  for (const fault of ["cut", "streamError"]) {
    test(`${name}: a stream that ends with ${fault === "cut" ? "a lost connection" : "an error"} is booked what was written`, async () => {
      const scene = world(face, { faults: { [fault]: 1 } });
      const response = await scene.clock.run(scene.limiter.fetch(...streamed(face)));
      const text = scene.clock.run(response.text());
      if (fault === "cut") await assert.rejects(text, TypeError);
      else assert.match(await text, face.fails);
      // Of what was written four characters are taken for a token, where the simulator's have 3.5.
      assertBooked(scene, face, 0.2);
    });
  }
}
