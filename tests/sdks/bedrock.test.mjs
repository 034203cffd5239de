// The SDK of AWS for Bedrock through its adapter, by each of the handlers that it may send with.
import assert from "node:assert/strict";
import { test } from "node:test";
import {
  BedrockRuntimeClient,
  ConverseCommand,
  ConverseStreamCommand,
  InvokeModelCommand,
  InvokeModelWithResponseStreamCommand,
  ServiceUnavailableException,
  ThrottlingException,
} from "@aws-sdk/client-bedrock-runtime";
import { FetchHttpHandler } from "@smithy/fetch-http-handler";
import { NodeHttp2Handler, NodeHttpHandler } from "@smithy/node-http-handler";
import { createLimiter, isTidegateError } from "tidegate";
import { forAws } from "tidegate/aws";
import { startSimulator } from "tidegate/simulator/node";
import { headersOf, trySdk } from "./battery.mjs";

const NOVA = "amazon.nova-pro-v1:0";
const CLAUDE = "us.anthropic.claude-sonnet-4-5-20250929-v1:0";
const QUESTION = "When does the tide turn?";
const credentials = { accessKeyId: "AKIDEXAMPLE", secretAccessKey: "secret" };

const TIMING = { firstTokenMs: 5, tokensPerSecond: 20_000, refusalMs: 1, variation: 0 };
const ONE_AT_A_TIME = { limits: { default: { concurrency: 1 } } };
/** So slow that calls meet, and what they reserve does not fit. */
const CROWDED = { limits: { default: { tpm: 2_000 } }, timing: { ...TIMING, firstTokenMs: 150 } };
/** Nothing comes back in the time that a test takes. */
const DAILY = { limits: [{ dimension: "tokens", amount: 1, periodMs: 86_400_000, burst: 100_000 }] };

const HANDLERS = {
  // The SDK's own for Bedrock, which speaks HTTP/2.
  "the default handler": (options) => new NodeHttp2Handler({ disableConcurrentStreams: true, ...options }),
  NodeHttpHandler: (options) => new NodeHttpHandler({ throwOnRequestTimeout: true, ...options }),
  FetchHttpHandler: (options) => new FetchHttpHandler(options),
};

trySdk("Bedrock", {
  // The timer of this handler ends the call for its caller, and leaves what it was waiting for to itself.
  burns: false,
  scope: NOVA,
  dimension: "tokens",
  client({ url, limiter, timeoutMs, bare, fetch }) {
    const requestHandler = new FetchHttpHandler({ customFetch: bare ? limiter.fetch : fetch, requestTimeout: timeoutMs });
    const client = new BedrockRuntimeClient({ region: "us-east-1", endpoint: url, credentials, requestHandler, maxAttempts: 1 });
    if (!bare) client.middlewareStack.use(forAws(limiter));
    return client;
  },
  async create(client, call) {
    const { command, options } = asked(ConverseCommand, call);
    const { output, usage } = await client.send(command, options);
    return { text: output.message.content[0].text, outputTokens: usage.outputTokens };
  },
  async *stream(client, call) {
    const { command, options } = asked(ConverseStreamCommand, call);
    const { stream } = await client.send(command, options);
    for await (const { contentBlockDelta } of stream) if (contentBlockDelta) yield contentBlockDelta.delta.text;
  },
  isTimeout: (error) => error.name === "TimeoutError",
  isAbort: (error) => error.name === "AbortError",
  isOverload: (error) => error instanceof ServiceUnavailableException && error.message.includes("unable to process"),
});

for (const [name, make] of Object.entries(HANDLERS)) {
  const trying = (what, use, options) => test(`${name}: ${what}`, () => through(make, use, options));

  trying("each operation brings its answer, and its usage is what the limiter's books say", async ({ send, limiter, group }) => {
    const converse = await send(asked(ConverseCommand, { tokens: 40 }));
    assert.equal(converse.usage.outputTokens, 40);
    assert.equal(converse.stopReason, "end_turn");
    assert.equal(converse.$metadata.attempts, 1);
    const { stream } = await send(asked(ConverseStreamCommand, { tokens: 60 }));
    const events = [];
    for await (const event of stream) events.push(event);
    assert.deepEqual(Object.keys(events[0]), ["messageStart"]);
    assert.equal(events.at(-1).metadata.usage.outputTokens, 60);
    const invoked = await send(invocation(InvokeModelCommand, { tokens: 30 }));
    assert.equal(JSON.parse(invoked.body.transformToString()).usage.output_tokens, 30);
    const { body } = await send(invocation(InvokeModelWithResponseStreamCommand, { tokens: 50 }));
    const chunks = [];
    for await (const { chunk } of body) chunks.push(JSON.parse(new TextDecoder().decode(chunk.bytes)));
    assert.equal(chunks[0].type, "message_start");
    assert.equal(chunks.at(-1)["amazon-bedrock-invocationMetrics"].outputTokenCount, 50);
    assert.deepEqual(booked(limiter), { [NOVA]: group(NOVA).charged, [CLAUDE]: group(CLAUDE).charged });
    // Claude's output is charged five times.
    assert.ok(group(CLAUDE).charged > 5 * (30 + 50), String(group(CLAUDE).charged));
  }, { limiter: { limits: { [NOVA]: DAILY, [CLAUDE]: DAILY } } });

  trying("calls that reserve more than the limit has wait for each other, and none is refused", async ({ send, group }) => {
    const calls = Array.from({ length: 8 }, () => send(asked(ConverseCommand, { tokens: 20, maxTokens: 900 })));
    for (const { usage } of await Promise.all(calls)) assert.equal(usage.outputTokens, 20);
    assert.deepEqual([group(NOVA).served, group(NOVA).refused], [8, 0]);
  }, { limiter: { limits: { [NOVA]: { tpm: 2_000 } } }, server: CROWDED });

  trying("calls that wait longer than its timer all succeed, each signed when it is sent", async ({ send, limiter, sent }) => {
    const permit = await limiter.acquire();
    const calls = [ConverseCommand, ConverseCommand, ConverseStreamCommand].map((command) => send(asked(command, { tokens: 10 })));
    const ended = Promise.all(calls.map(async (call) => (await call).stream === undefined || drained((await call).stream)));
    await new Promise((resolve) => setTimeout(resolve, 1_600));
    const releasedAt = Date.now();
    permit.release();
    await ended;
    assert.equal(sent.length, 3);
    // A signature says its second.
    for (const { signedAt } of sent) assert.ok(signedAt >= releasedAt - 1_000, `signed ${releasedAt - signedAt} ms before it could be sent`);
  }, { limiter: ONE_AT_A_TIME, handler: { requestTimeout: 400 } });

  trying("a server that does not answer in time is its own error, after the limiter's attempts", async ({ send, sent }) => {
    await assert.rejects(send(asked(ConverseCommand, { tokens: 10 })), { name: "TimeoutError" });
    assert.equal(sent.length, 2);
  }, { limiter: { ...ONE_AT_A_TIME, retry: { attempts: 2, baseMs: 5 } }, handler: { requestTimeout: 150 }, server: { faults: { hang: 1 } } });

  trying("a refusal is waited for, and the last of them is the SDK's error", async ({ send, sent, limiter }) => {
    let retries = 0;
    limiter.on("retry", () => retries++);
    await send(asked(ConverseCommand, { tokens: 10, maxTokens: 90 }));
    await assert.rejects(send(asked(ConverseCommand, { tokens: 10, maxTokens: 2_000 })), (error) => {
      assert.ok(error instanceof ThrottlingException, String(error));
      assert.equal(error.message, "Too many tokens, please wait before trying again.");
      // The first of all was another call's.
      assert.deepEqual([error.$metadata.httpStatusCode, error.$metadata.attempts], [429, sent.length - 1]);
      return true;
    });
    assert.ok(retries >= 2 && retries === sent.length - 2, `${retries} retries of ${sent.length} attempts`);
  }, { limiter: { retry: { attempts: 3, baseMs: 5 } }, server: { limits: { default: { tpm: 1_000 } } } });

  trying("an error in the middle of a stream is the SDK's, and ends the call", async ({ send, sent }) => {
    const { stream } = await send(asked(ConverseStreamCommand, { tokens: 80 }));
    await assert.rejects(drained(stream), ServiceUnavailableException);
    assert.equal(sent.length, 1);
  }, { server: { faults: { streamError: 1 }, timing: { ...TIMING, tokensPerSecond: 500 } } });

  trying("an abort takes a call out of the queue, and ends a stream", async ({ send, sent, limiter, group }) => {
    const permit = await limiter.acquire();
    const queued = new AbortController();
    const call = send(asked(ConverseCommand, { tokens: 10, signal: queued.signal }));
    call.catch(() => {});
    while (limiter.snapshot().waiting === 0) await new Promise(setImmediate);
    queued.abort();
    await assert.rejects(call, { name: "AbortError" });
    assert.deepEqual([limiter.snapshot().waiting, sent.length], [0, 0]);
    permit.release();

    const streaming = new AbortController();
    const { stream } = await send(asked(ConverseStreamCommand, { tokens: 900, maxTokens: 1_000, signal: streaming.signal }));
    let events = 0;
    const read = async () => {
      for await (const _ of stream) if (++events === 3) streaming.abort();
    };
    // By HTTP/2 the SDK ends the loop, by HTTP/1.1 it throws in it.
    await read().catch((error) => assert.match(`${error.name} ${error.message} ${error.code}`, /abort/i));
    assert.ok(events < 20, `${events} events`);
    await until(() => group(NOVA).inFlight === 0);
    assert.equal(group(NOVA).aborted, 1);
  }, { limiter: ONE_AT_A_TIME, server: { timing: { ...TIMING, tokensPerSecond: 500 } } });

  trying("a stream that its reader leaves is given up, and its place is free", async ({ send, group, limiter }) => {
    const { stream } = await send(asked(ConverseStreamCommand, { tokens: 900, maxTokens: 1_000 }));
    for await (const { contentBlockDelta } of stream) if (contentBlockDelta) break;
    await until(() => limiter.snapshot().scopes.every(({ inFlight }) => inFlight === 0));
    await until(() => group(NOVA).inFlight === 0);
    assert.equal(group(NOVA).aborted, 1);
  }, { server: { timing: { ...TIMING, tokensPerSecond: 500 } } });
}

/** Those that stand behind say nothing to these. */
const sending = (what, use, options) => test(what, () => through(HANDLERS.NodeHttpHandler, use, options));

sending("what has no credentials is not sent, and not tried again", async ({ client, sent, limiter }) => {
  let asks = 0;
  client.config.credentials = async () => {
    asks += 1;
    throw Object.assign(new Error("no credentials here"), { name: "CredentialsProviderError" });
  };
  let retries = 0;
  limiter.on("retry", () => retries++);
  await assert.rejects(client.send(asked(ConverseCommand, { tokens: 10 }).command), { name: "CredentialsProviderError" });
  assert.deepEqual([sent.length, retries], [0, 0]);
  assert.ok(asks >= 1);
});

sending("one call for two who ask the same, each with an answer of its own", async ({ send, sent }) => {
  const calls = [1, 2].map(() => send(asked(ConverseCommand, { tokens: 30 })));
  const [one, two] = await Promise.all(calls);
  assert.equal(sent.length, 1);
  assert.equal(one.usage.outputTokens, 30);
  assert.deepEqual(two.output, one.output);
}, { hints: { dedupe: true } });

sending("a large request is counted first, by a question that is signed as well", async ({ send, sent, group }) => {
  const { usage } = await send(asked(ConverseCommand, { tokens: 10, question: "tide ".repeat(3_000) }));
  assert.deepEqual(sent.map(({ path }) => path.split("/").at(-1)), ["count-tokens", "converse"]);
  assert.ok(sent.every(({ signedAt }) => signedAt > 0));
  assert.equal(group("count-tokens").served, 1);
  assert.ok(usage.inputTokens > 3_000);
}, { limiter: { countTokens: { aboveTokens: 1_000 }, limits: { [NOVA]: { tpm: 100_000 } } }, server: { limits: { default: { tpm: 100_000 } } } });

sending("one command has hints of its own", async ({ client, limiter }) => {
  const { command } = asked(ConverseCommand, { tokens: 10 });
  command.middlewareStack.use(forAws(limiter.with({ deadlineMs: 0 })));
  const permit = await limiter.acquire();
  await assert.rejects(client.send(command), (error) => isTidegateError(error, "deadline-exceeded"));
  permit.release();
  await client.send(asked(ConverseCommand, { tokens: 10 }).command);
}, { limiter: ONE_AT_A_TIME });

sending("what the limiter learns of a model goes by its own name", async ({ send, limiter }) => {
  await send(asked(ConverseCommand, { tokens: 10 }));
  assert.ok(limiter.snapshot().scopes.some(({ name }) => name.startsWith(`${NOVA} at http://127.0.0.1`)));
});

sending("without the adapter calls burn their timer in the queue, and are sent all the same, for nobody", async ({ simulator }) => {
  const limiter = createLimiter({ seed: 1, ...ONE_AT_A_TIME });
  const requestHandler = new FetchHttpHandler({ customFetch: limiter.fetch, requestTimeout: 100 });
  const client = new BedrockRuntimeClient({ region: "us-east-1", endpoint: simulator.url, credentials, requestHandler, maxAttempts: 1 });
  const permit = await limiter.acquire();
  const calls = [1, 2].map(() => client.send(asked(ConverseCommand, { tokens: 10 }).command));
  const ended = await Promise.allSettled(calls);
  for (const { reason } of ended) assert.equal(reason?.name, "TimeoutError");
  assert.equal(limiter.snapshot().waiting, 2);
  permit.release();
  await until(() => simulator.stats().organisations[0]?.groups[0]?.counts.served === 1);
  limiter.close();
  client.destroy();
});

sending("without the adapter the same calls are refused by the server", async ({ simulator, group }) => {
  const client = new BedrockRuntimeClient({ region: "us-east-1", endpoint: simulator.url, credentials, requestHandler: HANDLERS.NodeHttpHandler({}) });
  const calls = Array.from({ length: 8 }, () => client.send(asked(ConverseCommand, { tokens: 20, maxTokens: 900 }).command));
  await Promise.allSettled(calls);
  assert.ok(group(NOVA).refused > 0);
  client.destroy();
}, { server: CROWDED });

async function through(make, use, { server = {}, limiter: options = {}, handler = {}, hints = {} } = {}) {
  const simulator = await startSimulator({ timing: TIMING, seed: 1, ...server });
  const limiter = createLimiter({ seed: 1, ...options });
  const sent = [];
  const inner = make(handler);
  const requestHandler = {
    metadata: inner.metadata,
    handle(request, ...more) {
      sent.push({ path: request.path, signedAt: secondOf(request.headers["x-amz-date"]) });
      return inner.handle(request, ...more);
    },
    destroy: () => inner.destroy(),
  };
  const client = new BedrockRuntimeClient({ region: "us-east-1", endpoint: simulator.url, credentials, requestHandler });
  client.middlewareStack.use(forAws(limiter.with(hints)));
  const send = ({ command, options }) => client.send(command, options);
  const group = (name) => {
    const found = simulator.stats().organisations[0].groups.find((candidate) => candidate.group === name);
    return { ...found.counts, charged: found.limits.find(({ dimension }) => dimension === "tokens")?.charged };
  };
  try {
    await use({ client, send, sent, limiter, group, simulator });
    // A connection that is closed takes its time to say so.
    await until(() => limiter.snapshot().scopes.every(({ inFlight }) => inFlight === 0));
    assert.equal(limiter.snapshot().waiting, 0);
  } finally {
    client.destroy();
    await simulator.close();
  }
}

/** A command of Converse, and the options that it is sent with. */
function asked(Command, { maxTokens = 100, question = QUESTION, signal, timeoutMs, ...call }) {
  const command = new Command({
    modelId: NOVA,
    messages: [{ role: "user", content: [{ text: question }] }],
    inferenceConfig: { maxTokens },
  });
  return { command: withHeaders(command, headersOf(call)), options: { abortSignal: signal, requestTimeout: timeoutMs } };
}

function invocation(Command, call) {
  const messages = [{ role: "user", content: QUESTION }];
  const body = JSON.stringify({ anthropic_version: "bedrock-2023-05-31", max_tokens: 100, messages });
  return { command: withHeaders(new Command({ modelId: CLAUDE, body }), headersOf(call)) };
}

/** In front of signing. */
function withHeaders(command, headers) {
  const add = (next) => (args) => {
    Object.assign(args.request.headers, headers);
    return next(args);
  };
  command.middlewareStack.add(add, { step: "build", name: "headersOfTheTest" });
  return command;
}

/** What is used of each scope's limit, in whole units. */
function booked(limiter) {
  const scopes = limiter.snapshot().scopes.filter(({ limits }) => limits.length > 0);
  return Object.fromEntries(scopes.map(({ name, limits: [{ burst, available }] }) => [name, Math.round(burst - available)]));
}

async function drained(events) {
  for await (const _ of events);
}

async function until(isTrue) {
  while (!isTrue()) await new Promise(setImmediate);
}

/** `20261127T113000Z` */
function secondOf(date) {
  return Date.parse(date.replace(/^(....)(..)(..)T(..)(..)(..)Z$/, "$1-$2-$3T$4:$5:$6Z"));
}
