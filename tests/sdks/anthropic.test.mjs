// The real SDK of Anthropic through the limiter, over real sockets.
import assert from "node:assert/strict";
import { test } from "node:test";
import Anthropic from "@anthropic-ai/sdk";
import { createLimiter, isTidegateError } from "tidegate";
import { startSimulator } from "tidegate/simulator/node";

const body = { model: "claude-sonnet-5", max_tokens: 200, messages: [{ role: "user", content: "When does the tide turn?" }] };
const timing = { firstTokenMs: 10, tokensPerSecond: 4_000, refusalMs: 1 };

async function through(use, { server = {}, limiter: options = {} } = {}) {
  const simulator = await startSimulator({ timing, seed: 1, ...server });
  const limiter = createLimiter({ seed: 1, ...options });
  const client = new Anthropic({ apiKey: "key", baseURL: simulator.url, maxRetries: 0, fetch: limiter.fetch });
  const counts = () => simulator.stats().organisations[0]?.groups[0]?.counts ?? { served: 0, refused: 0 };
  try {
    await use({ client, limiter, counts, group: () => simulator.stats().organisations[0].groups[0] });
    assert.deepEqual(limiter.snapshot().scopes.map((scope) => scope.inFlight), limiter.snapshot().scopes.map(() => 0));
  } finally {
    await simulator.close();
  }
}

test("a message comes back whole, with the server's headers", () =>
  through(async ({ client, counts }) => {
    const { data, response } = await client.messages
      .create(body, { headers: { "x-simulate-output-tokens": "40" } })
      .withResponse();
    assert.equal(data.usage.output_tokens, 40);
    assert.equal(data.content[0].type, "text");
    assert.equal(response.headers.get("anthropic-ratelimit-requests-limit"), "1000");
    assert.match(response.url, /\/v1\/messages$/);
    assert.equal(counts().served, 1);
  }));

test("a stream brings every event, and its text is what the final message says", () =>
  through(async ({ client }) => {
    const seen = [];
    let text = "";
    const stream = client.messages.stream(body, { headers: { "x-simulate-output-tokens": "60" } });
    for await (const event of stream) {
      seen.push(event.type);
      if (event.type === "content_block_delta") text += event.delta.text;
    }
    const final = await stream.finalMessage();
    assert.equal(final.usage.output_tokens, 60);
    assert.equal(final.content[0].text, text);
    assert.equal(seen[0], "message_start");
    assert.equal(seen.at(-1), "message_stop");
  }));

test("items of a long job call through their own views, and answers come in their order", () =>
  through(
    async ({ client, limiter, counts }) => {
      const used = await limiter.map([30, 10, 20], async (tokens, _index, { limiter: view, signal }) => {
        const own = client.withOptions({ fetch: view.fetch });
        const message = await own.messages.create(body, { signal, headers: { "x-simulate-output-tokens": String(tokens) } });
        return message.usage.output_tokens;
      });
      assert.deepEqual(used, [30, 10, 20]);
      assert.equal(counts().served, 3);
    },
    { limiter: { limits: { default: { concurrency: 1 } } } },
  ));

test("the same message asked for twice is sent once, whole or as a stream", () =>
  through(async ({ client, limiter, counts }) => {
    const shared = client.withOptions({ fetch: limiter.with({ dedupe: true }).fetch });
    const [one, two] = await Promise.all([shared.messages.create(body), shared.messages.create(body)]);
    assert.deepEqual(one, two);
    assert.equal(counts().served, 1);
    const streams = [shared.messages.stream(body), shared.messages.stream(body)];
    const [three, four] = await Promise.all(streams.map((stream) => stream.finalText()));
    assert.ok(three.length > 0);
    assert.equal(three, four);
    assert.equal(counts().served, 2);
  }));

test("a stream that was read to its end is there the next time, without the server", () =>
  through(async ({ client, limiter, counts }) => {
    const answers = new Map();
    const store = {
      match: async ({ url }) => answers.get(url)?.clone(),
      put: async ({ url }, response) => void answers.set(url, response),
    };
    const remembering = client.withOptions({ fetch: limiter.with({ cache: store }).fetch });
    const first = await remembering.messages.stream(body).finalMessage();
    while (answers.size === 0) await new Promise(setImmediate);
    assert.deepEqual(await remembering.messages.stream(body).finalMessage(), first);
    assert.equal(counts().served, 1);
  }));

test("what the server reports is what the limiter's books then say", () =>
  through(
    async ({ client, limiter }) => {
      const large = { ...body, max_tokens: 4_000 };
      await client.messages.create(large, { headers: { "x-simulate-output-tokens": "3000" } });
      const scope = limiter.snapshot().scopes.find(({ name }) => name === "claude-sonnet-*");
      const output = scope.limits.find(({ dimension }) => dimension === "output_tokens");
      // 3,000 are gone, and 100 a second come back.
      assert.ok(output.available >= 2_900 && output.available < 5_000, String(output.available));
    },
    {
      limiter: { limits: { "claude-sonnet-*": { rpm: 1000, itpm: 1_000_000, otpm: 6_000 } } },
      server: { limits: { default: { rpm: 1000, itpm: 1_000_000, otpm: 6_000 } }, timing: { ...timing, tokensPerSecond: 100_000 } },
    },
  ));

test("a client error is the SDK's own error, with the server's words", () =>
  through(async ({ client }) => {
    const { max_tokens: _left, ...wrong } = body;
    await assert.rejects(client.messages.create(wrong), (error) => {
      assert.ok(error instanceof Anthropic.BadRequestError);
      assert.equal(error.error.error.type, "invalid_request_error");
      return true;
    });
  }));

test("an abort while queued is the SDK's own abort, and nothing is sent", () =>
  through(
    async ({ client, limiter, counts }) => {
      const permit = await limiter.acquire();
      const controller = new AbortController();
      const call = client.messages.create(body, { signal: controller.signal });
      setImmediate(() => controller.abort());
      await assert.rejects(call, Anthropic.APIUserAbortError);
      assert.equal(counts().served, 0);
      permit.release();
      await client.messages.create(body);
    },
    { limiter: { limits: { default: { concurrency: 1 } } } },
  ));

test("an abort in the middle of a stream ends it and frees its place", () =>
  through(
    async ({ client }) => {
      const stream = client.messages.stream(body, { headers: { "x-simulate-output-tokens": "200" } });
      stream.on("text", () => stream.abort());
      await assert.rejects(stream.finalMessage(), Anthropic.APIUserAbortError);
      await client.messages.create(body);
    },
    { limiter: { limits: { default: { concurrency: 1 } } }, server: { timing: { ...timing, tokensPerSecond: 100 } } },
  ));

for (const [way, leave] of [
  ["aborted", (stream) => stream.abort()],
  ["left", (stream) => stream.controller.abort()],
]) {
  test(`a stream that is ${way} in the middle is booked what was written of it until then`, () =>
    through(
      async ({ client, limiter, counts, group }) => {
        const headers = { "x-simulate-output-tokens": "4000" };
        const large = { ...body, max_tokens: 8_000, messages: [{ role: "user", content: "When? ".repeat(500) }] };
        const stream = client.messages.stream(large, { headers });
        let events = 0;
        stream.on("text", () => {
          if (++events === 30) leave(stream);
        });
        await assert.rejects(stream.finalMessage(), Anthropic.APIUserAbortError);
        // Until the server has seen the connection close, and nothing more is produced.
        while (counts().inFlight > 0) await new Promise((resolve) => setTimeout(resolve, 5));
        assert.equal(counts().aborted, 1);
        const books = limiter.snapshot().scopes.find(({ name }) => name === "claude-sonnet-*").limits;
        const used = (ours, theirs) => {
          const { burst, available } = books.find(({ dimension }) => dimension === ours);
          return [burst - available, group().limits.find(({ dimension }) => dimension === theirs).charged];
        };
        const [output, written] = used("output_tokens", "outputTokens");
        assert.ok(written > 400 && written < 3_000, String(written));
        // Four characters are taken for a token, where the simulator's have 3.5; a few pieces may be on their way.
        assert.ok(output > written * 0.75 - 100 && output <= written * 1.1, `${output} of ${written}`);
        const [input, read] = used("input_tokens", "inputTokens");
        assert.ok(Math.abs(input - read) <= 20, `${input} of ${read}`);
      },
      {
        // Nothing comes back in the time that a test takes, and nothing that the server says of the minute is about these.
        limiter: {
          fetch: withoutLimits,
          limits: {
            "claude-sonnet-*": {
              limits: ["input_tokens", "output_tokens"].map((dimension) => ({ dimension, amount: 1, periodMs: 86_400_000, burst: 100_000 })),
            },
          },
        },
        server: { timing: { ...timing, tokensPerSecond: 400 } },
      },
    ));
}

test("leaving the loop over a stream frees its place", () =>
  through(
    async ({ client }) => {
      const stream = await client.messages.create({ ...body, stream: true });
      for await (const event of stream) if (event.type === "content_block_delta") break;
      await client.messages.create(body);
    },
    { limiter: { limits: { default: { concurrency: 1 } } }, server: { timing: { ...timing, tokensPerSecond: 100 } } },
  ));

test("more calls than the limit allows all succeed, and the server refuses none", () =>
  through(
    async ({ client, counts }) => {
      const answers = await Promise.all(Array.from({ length: 20 }, () => client.messages.create(body)));
      assert.equal(answers.length, 20);
      assert.deepEqual([counts().served, counts().refused], [20, 0]);
    },
    {
      limiter: { limits: { "claude-*": { limits: [{ dimension: "requests", amount: 10, periodMs: 1_000 }] } } },
      server: { limits: { default: { rpm: 1_200, burstMs: 1_000 } } },
    },
  ));

test("a call that the server refuses is sent again when it says so, and the caller never knows", () =>
  through(
    async ({ client, limiter, counts }) => {
      const refusals = [];
      limiter.on("refused", (event) => refusals.push(event));
      const answers = await Promise.all(Array.from({ length: 3 }, () => client.messages.create(body)));
      assert.equal(answers.length, 3);
      assert.equal(counts().served, 3);
      assert.equal(refusals.length, counts().refused);
      for (const { status, kind, retryAfterMs } of refusals) assert.deepEqual([status, kind, retryAfterMs >= 1000], [429, "rate_limit", true]);
    },
    { server: { limits: { default: { rpm: 60, burstMs: 1_000, hideBurst: true } } } },
  ));

test("an overloaded server is tried again, and at last its own answer is the SDK's error", () =>
  through(
    async ({ client, limiter }) => {
      let retries = 0;
      limiter.on("retry", () => retries++);
      await assert.rejects(client.messages.create(body), (error) => {
        assert.equal(error.status, 529);
        assert.equal(error.error.error.type, "overloaded_error");
        return true;
      });
      assert.equal(retries, 2);
    },
    { limiter: { retry: { attempts: 3, baseMs: 10 } }, server: { faults: { overloaded: 1 } } },
  ));

test("a broken connection is tried again, and at last is the SDK's connection error", () =>
  through(
    async ({ client, limiter }) => {
      let retries = 0;
      limiter.on("retry", () => retries++);
      await assert.rejects(client.messages.create(body), Anthropic.APIConnectionError);
      assert.equal(retries, 2);
    },
    { limiter: { retry: { attempts: 3, baseMs: 10 } }, server: { faults: { drop: 1 } } },
  ));

test("a stream that breaks in the middle fails in the SDK and frees its place", () =>
  through(
    async ({ client }) => {
      for (let call = 0; call < 2; call++) {
        await assert.rejects(client.messages.stream(body).finalMessage());
      }
    },
    { limiter: { limits: { default: { concurrency: 1 } } }, server: { faults: { cut: 1 } } },
  ));

test("an error event in a stream reaches the SDK", () =>
  through(
    async ({ client }) => {
      await assert.rejects(client.messages.stream(body).finalMessage(), (error) => error.error?.error?.type !== undefined || /error/i.test(error.message));
    },
    { server: { faults: { streamError: 1 } } },
  ));

test("hints come as headers of one call, and do not reach the server", () =>
  through(async ({ client, limiter }) => {
    await client.messages.create(body, { headers: { "x-tidegate-priority": "high" } });
    await assert.rejects(client.messages.create(body, { headers: { "x-tidegate-priority": "urgent" } }), (error) =>
      isTidegateError(error.cause, "invalid-option"),
    );
    limiter.close();
  }));

test("hints of a run reach the calls that the SDK makes in it", () =>
  through(
    async ({ client, limiter }) => {
      const permit = await limiter.acquire();
      const late = limiter.run({ deadlineMs: 20 }, async () => (await client.messages.create(body)).id);
      await assert.rejects(late, (error) => isTypedRefusal(error, "deadline-exceeded"));
      permit.release();
      await client.messages.create(body);
    },
    { limiter: { limits: { default: { concurrency: 1 } } } },
  ));

test("a refusal of the limiter itself is no broken transport to the SDK but keeps its type", () =>
  through(
    async ({ client, limiter }) => {
      const permit = await limiter.acquire();
      const late = client.messages.create(body, { headers: { "x-tidegate-deadline-ms": "20" } });
      await assert.rejects(late, (error) => isTypedRefusal(error, "deadline-exceeded"));
      permit.release();
      limiter.close();
      await assert.rejects(client.messages.create(body), (error) => isTypedRefusal(error, "closed"));
    },
    { limiter: { limits: { default: { concurrency: 1 } } } },
  ));

/** A fetch whose answers do not say what is left. */
async function withoutLimits(...args) {
  const { body, status, headers } = await fetch(...args);
  return new Response(body, { status, headers: [...headers].filter(([name]) => !name.includes("ratelimit")) });
}

function isTypedRefusal(error, code) {
  assert.equal(error instanceof Anthropic.APIConnectionTimeoutError, false);
  assert.ok(isTidegateError(error.cause, code), String(error.cause));
  return true;
}

test("a large call is counted first, by the SDK's own credentials and headers, and the SDK sees nothing of it", () => {
  const asked = [];
  const watching = (input, init) => {
    asked.push([new URL(input).pathname, new Headers(init.headers), init.body]);
    return fetch(input, init);
  };
  return through(
    async ({ client, limiter }) => {
      const large = { ...body, system: "You know the tides. ".repeat(200), stream: true };
      const events = [];
      for await (const event of await client.messages.create(large)) events.push(event);
      assert.equal(events.at(-1).type, "message_stop");
      const truth = events[0].message.usage.input_tokens;
      assert.deepEqual(asked.map(([path]) => path), ["/v1/messages/count_tokens", "/v1/messages"]);
      const [[, question, prompt], [, headers]] = asked;
      for (const name of ["x-api-key", "anthropic-version", "user-agent", "content-type"]) {
        assert.equal(question.get(name), headers.get(name), name);
      }
      const { max_tokens: _most, stream: _stream, ...counted } = large;
      assert.deepEqual(JSON.parse(prompt), counted);
      // The server's own count is what the SDK would have got.
      assert.deepEqual(await client.messages.countTokens(counted), { input_tokens: truth });
      await client.messages.create(body);
      assert.equal(asked.length, 4, "what is small is not asked about");
      assert.ok(limiter.snapshot().scopes.some(({ name }) => name.startsWith("count_tokens at http://")));
    },
    { limiter: { fetch: watching, countTokens: { aboveTokens: 500 } } },
  );
});

test("what a call is stated to cost by headers does not reach the server", () =>
  through(async ({ client, counts }) => {
    const costs = { "x-tidegate-input-tokens": "50", "x-tidegate-output-tokens": "100", "x-tidegate-custom": "3" };
    await client.messages.create(body, { headers: costs });
    await assert.rejects(client.messages.create(body, { headers: { "x-tidegate-input-tokens": "many" } }), (error) =>
      isTidegateError(error.cause, "invalid-option"),
    );
    assert.equal(counts().served, 1);
  }));
