// What "Your numbers" says is what the simulator says, and no field takes what it cannot mean.
import assert from "node:assert/strict";
import { test } from "node:test";
import { createLimiter } from "tidegate";
import { anthropic } from "tidegate/presets";
import { createSimulator } from "tidegate/simulator";
import { publishedAmounts } from "../../../site/src/scene/limits.js";
import { answerOf, TIMING } from "../../../site/src/panels/numbers/compute.js";
import { FIELDS, faultsOf, questionOf, watchable } from "../../../site/src/panels/numbers/fields.js";
import { headline, nextTier } from "../../../site/src/panels/numbers/sentences.js";
import { groupsOfTier } from "../../../site/src/panels/numbers/tiers.js";
import { RANGES } from "../../../site/src/scene/options.js";
import { VirtualClock } from "../../simulator/virtual-clock.mjs";

const VALUES = { requests: 10_000, input: 600, output: 250, ...publishedAmounts("start") };

test("each limit alone needs what is missing in a full bucket, at its rate", () => {
  const { yours, limits } = answerOf(questionOf(VALUES, "start"));
  const service = 400 + (249 / 80) * 1_000;
  // 10,000 requests at 1,000 a minute, of which the first 1,000 go at once; the last one has to be answered, too.
  assert.deepEqual(limits.map(({ counted }) => counted), ["requests", "inputTokens", "outputTokens"]);
  assert.ok(Math.abs(limits[0].ms - (9 * 60_000 + service)) < 1, `${limits[0].ms}`);
  // A server that took the prompts for a few tokens less would admit the last a little before it is charged in full.
  assert.equal(limits[1].ms, 2 * 60_000);
  assert.equal(limits[2].ms, 5.25 * 60_000);
  assert.deepEqual(limits.map(({ total }) => total), [10_000, 6_000_000, 2_500_000]);
  assert.deepEqual(yours, { tier: "start", ms: limits[0].ms, binding: "requests" });
});

test("a client that keeps the limits comes close to that time, and never below it", async () => {
  const values = { requests: 150, input: 300, output: 200, rpm: 60, itpm: 1_000_000, otpm: 20_000 };
  const { yours } = answerOf(questionOf(values, "own"));
  assert.equal(yours.binding, "requests");
  const clock = new VirtualClock();
  const amounts = { rpm: values.rpm, itpm: values.itpm, otpm: values.otpm };
  const simulator = createSimulator({ limits: { default: amounts }, timing: TIMING, clock });
  const wallClock = { now: clock.now, wallNow: clock.now, setTimer: clock.setTimer, clearTimer: clock.clearTimer };
  const limiter = createLimiter({ limits: { "claude-*": amounts }, fetch: simulator.fetch, clock: wallClock, seed: 1 });
  const body = JSON.stringify({
    model: "claude-sonnet-5",
    max_tokens: values.output,
    messages: [{ role: "user", content: simulator.prompt(values.input) }],
  });
  const headers = { "x-api-key": "key", "anthropic-version": "2023-06-01", "x-simulate-output-tokens": String(values.output) };
  const ask = async () => {
    const response = await limiter.fetch("https://api.anthropic.com/v1/messages", { method: "POST", headers, body });
    assert.equal(response.status, 200);
    await response.text();
  };
  await clock.run(Promise.all(Array.from({ length: values.requests }, ask)));
  assert.ok(clock.now() >= yours.ms, `${clock.now()} is below ${yours.ms}`);
  assert.ok(clock.now() < yours.ms * 1.1, `${clock.now()} is far above ${yours.ms}`);
});

test("ten million requests are computed while nobody waits, however long their prompts are", () => {
  const started = performance.now();
  const { yours } = answerOf(questionOf({ ...VALUES, requests: 10_000_000, input: 400_000 }, "start"));
  assert.equal(yours.binding, "inputTokens");
  assert.ok(performance.now() - started < 20_000, `${performance.now() - started} ms`);
});

test("a prompt that no bucket holds is never answered, and is said to be so", () => {
  const answer = answerOf(questionOf({ ...VALUES, input: 2_000_001 }, "start"));
  assert.equal(answer.yours.ms, undefined);
  assert.match(headline(answer), /^Never: one prompt is larger than the input limit ever holds\.$/);
  assert.equal(answer.tiers[0].ms, undefined);
  assert.notEqual(answer.tiers[1].ms, undefined);
  assert.match(nextTier(answer), /^The next tier, Build: 2 days 19 h, binding: input tokens\.$/);
});

test("the next tier is named with its time and what binds there", () => {
  const start = answerOf(questionOf(VALUES, "start"));
  assert.equal(headline(start), "At least 9 min 4 s. Requests bind: 10,000 at 1,000 a minute.");
  assert.equal(nextTier(start), "The next tier, Build: 1 min 30 s, binding: output tokens.");
  const scale = answerOf(questionOf({ ...VALUES, ...publishedAmounts("scale") }, "scale"));
  assert.equal(nextTier(scale), "Scale is the highest published tier.");
  const own = answerOf(questionOf({ ...VALUES, rpm: 5_000, itpm: 2_000_000, otpm: 500_000 }, "own"));
  assert.equal(nextTier(own), "The first published tier that is faster, Build: 1 min 30 s, binding: output tokens.");
  const fast = answerOf(questionOf({ ...VALUES, rpm: 10_000_000, itpm: 1e10, otpm: 1e10 }, "own"));
  assert.equal(headline(fast), "At least 3.5 s. No limit binds: it takes as long as a single answer.");
  assert.equal(nextTier(fast), "No published tier of Claude’s API would be faster.");
});

test("the limits that stand for a tier are those of the groups that are named, and of no other", () => {
  for (const tier of ["start", "build", "scale"]) {
    const { same, other } = groupsOfTier(tier);
    assert.deepEqual([...same, ...other].sort(), Object.keys(anthropic[tier].limits).sort());
    for (const group of same) assert.equal(anthropic[tier].limits[group].otpm, publishedAmounts(tier).otpm);
    for (const group of other) assert.notEqual(anthropic[tier].limits[group].otpm, publishedAmounts(tier).otpm);
    assert.deepEqual(groupsOfTier(tier), groupsOfTier("start"));
  }
});

test("every field says what is wrong with it, and which range it has", () => {
  assert.deepEqual(faultsOf(VALUES), []);
  for (const field of Object.keys(FIELDS)) {
    for (const wrong of [Number.NaN, 0, -1, 1.5, 1e12, Infinity]) {
      const faults = faultsOf({ ...VALUES, [field]: wrong });
      assert.equal(faults.length, 1, `${field}: ${wrong}`);
      assert.equal(faults[0].field, field);
      assert.match(faults[0].message, /must be a whole number from 1 to [\d,]+\.$/);
      assert.ok(faults[0].message.startsWith(FIELDS[field].label));
    }
    assert.deepEqual(faultsOf({ ...VALUES, [field]: FIELDS[field].most }), []);
  }
});

test("a scene gets the numbers in its own ranges, and it is said what was changed", () => {
  const small = watchable(questionOf({ ...VALUES, requests: 1_000 }, "build"));
  assert.deepEqual(small, {
    options: { tier: "build", bucket: 60, neighbour: 0, faults: 0, requests: 1_000, input: 600, output: 250, burst: 1_000 },
    clamped: [],
  });
  const large = watchable(questionOf({ ...VALUES, requests: 1_000_000, input: 1, rpm: 10_000_000 }, "own"));
  assert.equal(large.options.requests, RANGES.requests[1]);
  assert.equal(large.options.burst, RANGES.burst[1]);
  assert.equal(large.options.rpm, RANGES.rpm[1]);
  assert.equal(large.options.itpm, VALUES.itpm);
  assert.deepEqual(large.clamped, [
    "Requests: 5,000 instead of 1,000,000.",
    "Input tokens each: 20 instead of 1.",
    "The limit of requests: 100,000 instead of 10,000,000.",
  ]);
});
