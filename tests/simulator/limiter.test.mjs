// Hours of traffic in virtual time: the limiter and the simulator share one clock, so a busy machine changes nothing.
import assert from "node:assert/strict";
import { test } from "node:test";
import { createLimiter } from "tidegate";
import { createSimulator } from "tidegate/simulator";
import { VirtualClock } from "./virtual-clock.mjs";

const LIMITS = { rpm: 1_000, itpm: 900_000, otpm: 180_000 };
const BURST_MS = 5_000;

/** Pushes a workload through the limiter and returns what the server knows about it. */
async function push(workload, requests, faults = {}) {
  const clock = new VirtualClock();
  clock.wallNow = () => Date.UTC(2026, 10, 23) + clock.now();
  const timing = { firstTokenMs: 250, tokensPerSecond: 400, variation: 0.1 };
  const simulator = createSimulator({ clock, seed: 1, timing, faults, limits: { default: { ...LIMITS, burstMs: BURST_MS } } });
  const limit = (dimension, amount) => ({ dimension, amount, periodMs: 60_000, burst: Math.floor((amount * BURST_MS) / 60_000) });
  const limits = [limit("requests", LIMITS.rpm), limit("input_tokens", LIMITS.itpm), limit("output_tokens", LIMITS.otpm)];
  const limiter = createLimiter({ clock, seed: 1, fetch: simulator.fetch, limits: { "claude-*": { limits } } });

  const jobs = simulator.workload(workload, requests, 1);
  const bound = simulator.bound(jobs);
  const call = async (job, index) => {
    const messages = [{ role: "user", content: simulator.prompt(job.inputTokens, index) }];
    const response = await limiter.fetch("https://api.anthropic.com/v1/messages", {
      method: "POST",
      headers: {
        "x-api-key": "key",
        "anthropic-version": "2026-10-21",
        "content-type": "application/json",
        "x-simulate-output-tokens": String(job.outputTokens),
        "x-tidegate-priority": job.priority,
      },
      body: JSON.stringify({ model: job.model, max_tokens: job.maxTokens, stream: job.stream, messages }),
    });
    await response.text();
    return response.status;
  };
  const statuses = await clock.run(Promise.all(jobs.map(call)));
  const { counts } = simulator.stats().organisations[0].groups[0];
  limiter.close();
  return { statuses, counts, ratio: clock.now() / bound.ms };
}

for (const [workload, requests] of [
  ["mixed", 400],
  ["requests-bound", 400],
  ["interactive-and-batch", 400],
  ["input-bound", 200],
]) {
  test(`${workload}: all served, near the bound, hardly a refusal`, async () => {
    const { statuses, counts, ratio } = await push(workload, requests);
    assert.ok(statuses.every((status) => status === 200));
    assert.equal(counts.served, requests);
    // What an estimate of input or output gets wrong may draw a refusal now and then, but no more.
    assert.ok(counts.refused <= requests / 100, `${counts.refused} refused`);
    assert.ok(ratio >= 1 && ratio < 1.1, `${ratio} of the bound`);
  });
}

test("overload and server errors are retried until all are served", async () => {
  const { statuses, counts } = await push("mixed", 200, { overloaded: 0.02, error: 0.01, drop: 0.01 });
  assert.ok(statuses.every((status) => status === 200));
  assert.ok(counts.overloaded > 0);
  assert.equal(counts.served, 200);
});
