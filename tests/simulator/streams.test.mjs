// Streams through the limiter in virtual time: what the caller sees is what the server sends, when it sends it, and what
// is booked of a stream that nobody reads to its end is what the server charged.
import assert from "node:assert/strict";
import { test } from "node:test";
import { createLimiter } from "tidegate";
import { createSimulator } from "tidegate/simulator";
import { VirtualClock } from "./virtual-clock.mjs";

/** So small that what is used has not come back before it is looked at. */
const LIMITS = { rpm: 6, itpm: 6_000, otpm: 6_000, tpm: 20_000 };
const TIMING = { firstTokenMs: 20, tokensPerSecond: 400, variation: 0.1 };
/** Far more than is produced before anybody leaves. */
const OUTPUT_TOKENS = 4_000;

const APIS = {
  Anthropic: {
    url: "https://api.anthropic.com/v1/messages",
    headers: { "x-api-key": "key", "anthropic-version": "2026-10-21" },
    body: { model: "claude-sonnet-5", max_tokens: 8_000 },
    dimensions: { requests: "requests", input_tokens: "inputTokens", output_tokens: "outputTokens" },
  },
  OpenAI: {
    url: "https://api.openai.com/v1/chat/completions",
    headers: { authorization: "Bearer key" },
    body: { model: "gpt-5-mini", max_completion_tokens: 8_000, stream_options: { include_usage: true } },
    dimensions: { requests: "requests", tokens: "tokens" },
  },
};

function world({ faults = {}, timing = TIMING } = {}) {
  const clock = new VirtualClock();
  clock.wallNow = () => Date.UTC(2026, 10, 23) + clock.now();
  const simulator = createSimulator({ clock, seed: 1, timing, faults, limits: { default: LIMITS } });
  const limiter = createLimiter({
    clock, seed: 1, fetch: async (...args) => withoutLimits(await simulator.fetch(...args)),
    limits: { "claude-*": { rpm: LIMITS.rpm, itpm: LIMITS.itpm, otpm: LIMITS.otpm }, default: { rpm: LIMITS.rpm, tpm: LIMITS.tpm } },
  });
  return { clock, simulator, limiter };
}

/** The answer without its word on what is left: the books are to be right by what they saw. */
function withoutLimits({ body, status, headers }) {
  const kept = [...headers].filter(([name]) => !name.includes("ratelimit"));
  return new Response(body, { status, headers: kept });
}

/** The arguments of a fetch of a stream. */
function streamed({ url, headers, body }, signal) {
  const messages = [{ role: "user", content: "When does the tide turn? ".repeat(200) }];
  const all = { ...headers, "content-type": "application/json", "x-simulate-output-tokens": String(OUTPUT_TOKENS) };
  return [url, { method: "POST", headers: all, body: JSON.stringify({ ...body, stream: true, messages }), ...(signal && { signal }) }];
}

/** What is left of each limit: as the limiter has it, and as it is. */
function levels({ limiter, simulator }, { dimensions }) {
  const names = Object.keys(dimensions);
  const scope = limiter.snapshot().scopes.find(({ limits }) => names.every((name) => limits.some(({ dimension }) => dimension === name)));
  const [group] = simulator.stats().organisations[0].groups;
  assert.equal(scope.inFlight, 0);
  assert.equal(group.counts.inFlight, 0);
  return Object.entries(dimensions).map(([ours, theirs]) => {
    const limit = scope.limits.find(({ dimension }) => dimension === ours);
    const truth = group.limits.find(({ dimension }) => dimension === theirs);
    // Until a request has reached the server, which may take it 50 ms, a full limit does not fill further.
    const late = Math.ceil((truth.perMinute / 60) * 0.05) + 2;
    return { ours, available: limit.available, remaining: truth.remaining, charged: truth.charged, late };
  });
}

/** Asserts that the books are the server's, but for what was written of an answer, which is told by its characters. */
function assertBooked(scene, api, exact) {
  for (const { ours, available, remaining, charged, late } of levels(scene, api)) {
    const off = Math.abs(available - remaining);
    // Of an answer that was not read to its end, four characters are taken for a token; the simulator's have 3.5.
    const most = exact || ours !== "output_tokens" ? late : charged * 0.15 + late;
    assert.ok(off <= most, `${ours}: ${available} in the books and ${remaining} left`);
  }
}

for (const [name, api] of Object.entries(APIS)) {
  test(`${name}: every chunk is the server's and comes when the server sends it`, async () => {
    const arrivals = async (fetch, clock) => {
      const response = await clock.run(fetch(...streamed(api)));
      const seen = [];
      await clock.run(
        (async () => {
          for await (const chunk of response.body) seen.push([clock.now(), Buffer.from(chunk).toString()]);
        })(),
      );
      return seen;
    };
    const direct = world();
    const through = world();
    const expected = await arrivals(direct.simulator.fetch, direct.clock);
    assert.ok(expected.length > 100);
    assert.deepEqual(await arrivals(through.limiter.fetch, through.clock), expected);
    assertBooked(through, api, true);
  });

  const ways = {
    "cancels the body": async ({ reader }) => reader.cancel("seen enough"),
    "aborts its signal": async ({ reader, controller }) => {
      const reading = reader.read();
      controller.abort(new Error("seen enough"));
      await assert.rejects(reading, /seen enough/);
    },
  };
  for (const [way, leave] of Object.entries(ways)) {
    test(`${name}: who ${way} in the middle stops the server and is booked what was written`, async () => {
      const scene = world();
      const { clock, limiter, simulator } = scene;
      const controller = new AbortController();
      const response = await clock.run(limiter.fetch(...streamed(api, controller.signal)));
      const reader = response.body.getReader();
      while (clock.now() < 5_000) await clock.run(reader.read());
      await clock.run(leave({ reader, controller }));
      const [group] = simulator.stats().organisations[0].groups;
      assert.equal(group.counts.aborted, 1);
      assert.equal(clock.pending, 0);
      assertBooked(scene, api);
      if (name === "Anthropic") {
        const output = group.limits.find(({ dimension }) => dimension === "outputTokens").charged;
        assert.ok(output > 1_000 && output < OUTPUT_TOKENS * 0.75, `${output} were written`);
      }
    });
  }

  for (const fault of ["cut", "streamError"]) {
    test(`${name}: a stream that ends with ${fault === "cut" ? "a lost connection" : "an error"} is booked what was written`, async () => {
      const scene = world({ faults: { [fault]: 1 } });
      const response = await scene.clock.run(scene.limiter.fetch(...streamed(api)));
      const text = scene.clock.run(response.text());
      if (fault === "cut") await assert.rejects(text, TypeError);
      else assert.match(await text, /overloaded/);
      assertBooked(scene, api);
    });
  }

  test(`${name}: who leaves before the answer is booked what was reserved, and no more`, async () => {
    const scene = world({ timing: { ...TIMING, firstTokenMs: 1_000 } });
    const { clock, limiter, simulator } = scene;
    const controller = new AbortController();
    const call = limiter.fetch(...streamed(api, controller.signal));
    clock.setTimer(() => controller.abort(new Error("too late")), 100);
    await assert.rejects(clock.run(call), /too late/);
    assert.equal(simulator.stats().organisations[0].groups[0].counts.aborted, 1);
    for (const { ours, available, remaining, late } of levels(scene, api)) {
      assert.ok(available <= remaining + late || ours === "input_tokens", `${ours}: ${available} in the books and ${remaining} left`);
    }
  });
}
