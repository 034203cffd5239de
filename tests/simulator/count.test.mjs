// Large calls are counted by the simulator's own endpoint first, in virtual time.
import assert from "node:assert/strict";
import { test } from "node:test";
import { createLimiter } from "tidegate";
import { createSimulator } from "tidegate/simulator";
import { VirtualClock } from "./virtual-clock.mjs";

const LIMITS = { rpm: 1_000, itpm: 600_000, otpm: 100_000 };
const CALLS = 48;

/** Sends large prompts through a limiter, and says what came of it. */
async function push({ countTokens, counterRpm, faults, leave = () => false }) {
  const clock = new VirtualClock();
  clock.wallNow = () => Date.UTC(2026, 10, 23) + clock.now();
  const timing = { firstTokenMs: 250, tokensPerSecond: 400 };
  const counter = counterRpm === undefined ? {} : { "count-tokens": { rpm: counterRpm } };
  const simulator = createSimulator({ clock, seed: 1, timing, faults, limits: { default: LIMITS, ...counter } });
  const limiter = createLimiter({ clock, seed: 1, fetch: simulator.fetch, countTokens, limits: { "claude-*": LIMITS } });
  const call = async (index) => {
    const controller = new AbortController();
    const content = simulator.prompt(20_000 + 500 * index, index);
    const request = {
      method: "POST",
      headers: { "x-api-key": "key", "anthropic-version": "2026-10-21", "content-type": "application/json", "x-simulate-output-tokens": "50" },
      body: JSON.stringify({ model: "claude-sonnet-5", max_tokens: 64, messages: [{ role: "user", content }] }),
      signal: controller.signal,
    };
    const answer = limiter.fetch("https://api.anthropic.com/v1/messages", request);
    if (leave(index)) clock.setTimer(() => controller.abort("left"), 137 * index);
    return answer.then(
      async (response) => {
        await response.text();
        return response.status;
      },
      (reason) => reason,
    );
  };
  const statuses = await clock.run(Promise.all(Array.from({ length: CALLS }, (_, index) => call(index))));
  const groups = Object.fromEntries(
    simulator.stats().organisations[0].groups.map(({ group, counts, limits }) => {
      const input = limits.find(({ dimension }) => dimension === "inputTokens")?.charged;
      return [group, { ...counts, input }];
    }),
  );
  const { scopes } = limiter.snapshot();
  const took = clock.now();
  limiter.close();
  assert.deepEqual(scopes.map(({ inFlight, waiting }) => inFlight + waiting), scopes.map(() => 0));
  return { statuses, model: groups["claude-sonnet-5"], counter: groups["count-tokens"], took };
}

const served = (statuses) => statuses.filter((status) => status === 200).length;

test("each large call is counted once, all are served as soon as the limit allows, and none is refused", async () => {
  const { statuses, model, counter, took } = await push({ countTokens: true });
  assert.equal(served(statuses), CALLS);
  assert.equal(model.served, CALLS);
  assert.deepEqual([counter.served, counter.refused, model.refused], [CALLS, 0, 0]);
  // What is beyond the burst comes back with time; a burst opens bit by bit, and a call takes some tenths of a second.
  const least = ((model.input - LIMITS.itpm) / LIMITS.itpm) * 60_000;
  assert.ok(took >= least && took < least + 2_000, `${took} ms, where ${least} are the least`);
});

test("a counter with a small limit is asked within it, and who would wait too long goes by the estimate", async () => {
  const { statuses, counter } = await push({ countTokens: true, counterRpm: 20 });
  assert.equal(served(statuses), CALLS);
  assert.ok(counter.served >= 5 && counter.served < CALLS, `${counter.served} counted`);
  assert.ok(counter.refused <= 4, `${counter.refused} refused`);
});

test("whatever fails of the questions and the calls, all are served in the end and nothing is left", async () => {
  const { statuses, counter } = await push({ countTokens: { aboveTokens: 10_000, maxWaitMs: 500 }, faults: { overloaded: 0.1, error: 0.1 } });
  assert.ok(statuses.every((status) => status === 200 || status === 500), String(statuses));
  assert.ok(counter.served > 0 && counter.overloaded + counter.errors > 0);
});

test("calls that are given up while they are counted or answered leave nothing", async () => {
  const { statuses } = await push({ countTokens: true, leave: (index) => index % 3 === 0 });
  assert.ok(statuses.includes("left"));
  assert.equal(served(statuses) + statuses.filter((status) => status === "left").length, CALLS);
});
