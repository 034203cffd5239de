import assert from "node:assert/strict";
import { test } from "node:test";
import { createSimulator } from "tidegate/simulator";
import { startSimulator } from "tidegate/simulator/node";
import { VirtualClock } from "./virtual-clock.mjs";

/** Sends the request of a job, and says whether it was answered to its end. */
function sender(fetch, base, simulator, jobs, statuses) {
  return async (index) => {
    const job = jobs[index];
    const openai = job.api === "openai";
    const response = await fetch(`${base}${openai ? "/v1/chat/completions" : "/v1/messages"}`, {
      method: "POST",
      headers: {
        ...(openai ? { authorization: "Bearer key" } : { "x-api-key": "key", "anthropic-version": "2023-06-01" }),
        "x-simulate-output-tokens": String(job.outputTokens),
        "x-simulate-job": String(index),
      },
      body: simulator.body(job, index),
    });
    statuses.push(response.status);
    await response.text();
    return response.ok;
  };
}

for (const name of ["two-models", "openai-max-tokens", "cached-prefix", "interactive-and-batch"]) {
  test(`who knows everything is never refused and all but reaches the bound: ${name}`, async () => {
    const clock = new VirtualClock();
    const simulator = createSimulator({ clock, limits: { default: { rpm: 600, itpm: 200_000, otpm: 60_000, tpm: 300_000, burstMs: 10_000 } } });
    const jobs = simulator.workload(name, 120, 3);
    const bound = simulator.bound(jobs);
    const statuses = [];
    await clock.run(simulator.omniscient(jobs).run(sender(simulator.fetch, "https://api.test", simulator, jobs, statuses)));
    assert.deepEqual(statuses, Array(120).fill(200));
    // Answers of 80 tokens a second outlast the limits by a few seconds.
    assert.ok(clock.now() >= bound.ms && clock.now() < bound.ms + 12_000, `${clock.now()} ms against ${bound.ms} ms`);
  });
}

test("jobs are sent when they have been handed in, and once more if they failed", async () => {
  const clock = new VirtualClock();
  const simulator = createSimulator({ clock, faults: { overloaded: 0.3 } });
  const jobs = simulator.workload("requests-bound", 20, 3);
  const arrivals = jobs.map((_, index) => 1_000 * index);
  assert.ok(simulator.bound(jobs, arrivals).ms > 19_000);
  const statuses = [];
  const sent = new Map();
  const send = sender(simulator.fetch, "https://api.test", simulator, jobs, statuses);
  await clock.run(
    simulator.omniscient(jobs, { arrivals }).run((index) => {
      if (!sent.has(index)) sent.set(index, clock.now());
      return send(index);
    }),
  );
  assert.deepEqual([...sent].sort(([one], [other]) => one - other).map(([, at]) => at), arrivals);
  assert.equal(statuses.filter((status) => status === 200).length, 20);
  assert.ok(statuses.includes(529));
});

test("over a socket too hardly anybody who knows everything is refused", async () => {
  const local = createSimulator();
  const simulator = await startSimulator({
    limits: { default: { rpm: 6_000, itpm: 600_000, otpm: 600_000, burstMs: 500 } },
    timing: { firstTokenMs: 30, tokensPerSecond: 2_000 },
    neighbour: { share: 0.4 },
  });
  try {
    const jobs = local.workload("requests-bound", 120, 3);
    const statuses = [];
    const started = performance.now();
    await simulator.omniscient(jobs, { transitMs: 40 }).run(sender(fetch, simulator.url, local, jobs, statuses));
    assert.equal(statuses.filter((status) => status === 200).length, 120);
    // A busy machine may keep a request longer than it was said to be under way.
    assert.ok(statuses.length <= 126, `${statuses.length - 120} were refused`);
    assert.ok(performance.now() - started >= simulator.bound(jobs).ms);
  } finally {
    await simulator.close();
  }
});
