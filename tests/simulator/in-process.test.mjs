import assert from "node:assert/strict";
import { test } from "node:test";
import Anthropic from "@anthropic-ai/sdk";
import { createSimulator } from "tidegate/simulator";
import { VirtualClock } from "./virtual-clock.mjs";

const URL = "https://api.anthropic.com/v1/messages";

function messages({ outputTokens = 100, stream = false, inputTokens = 50, signal } = {}) {
  const content = createSimulator().prompt(inputTokens);
  return {
    method: "POST",
    headers: { "x-api-key": "key", "anthropic-version": "2026-10-21", "x-simulate-output-tokens": String(outputTokens) },
    body: JSON.stringify({ model: "claude-sonnet-5", max_tokens: 1000, stream, messages: [{ role: "user", content }] }),
    ...(signal && { signal }),
  };
}

test("a message takes virtual time only", async () => {
  const clock = new VirtualClock();
  const simulator = createSimulator({ clock, timing: { tokensPerSecond: 1 } });
  const response = await clock.run(simulator.fetch(URL, messages()));
  const message = await clock.run(response.json());
  assert.equal(response.status, 200);
  assert.deepEqual([message.usage.input_tokens, message.usage.output_tokens], [50, 100]);
  assert.ok(clock.now() > 74_000 && clock.now() < 125_000, `${clock.now()} ms`);
});

test("the real SDK reads messages, streams and errors", async () => {
  const clock = new VirtualClock();
  const simulator = createSimulator({ clock, limits: { default: { rpm: 2 } } });
  const client = new Anthropic({ apiKey: "key", fetch: simulator.fetch, maxRetries: 0 });
  const body = { model: "claude-sonnet-5", max_tokens: 64, messages: [{ role: "user", content: "Hi" }] };
  const message = await clock.run(client.messages.create(body));
  assert.equal(message.type, "message");
  const streamed = await clock.run(client.messages.stream(body).finalMessage());
  assert.ok(streamed.usage.output_tokens >= 1 && streamed.usage.output_tokens <= 64);
  await assert.rejects(clock.run(client.messages.create(body)), (error) => {
    assert.ok(error instanceof Anthropic.RateLimitError);
    // One request comes back in 30 s, and some of them have passed.
    assert.match(error.headers.get("retry-after"), /^(2\d|30)$/);
    return true;
  });
});

test("a stream arrives piece by piece", async () => {
  const clock = new VirtualClock();
  const simulator = createSimulator({ clock });
  const response = await clock.run(simulator.fetch(URL, messages({ stream: true })));
  const arrivals = [];
  await clock.run(
    (async () => {
      for await (const piece of response.body) arrivals.push([clock.now(), new TextDecoder().decode(piece)]);
    })(),
  );
  assert.ok(arrivals.length > 10);
  assert.ok(arrivals.at(-1)[0] > arrivals[0][0] + 500);
  assert.match(arrivals.at(-1)[1], /message_stop/);
});

test("an abort rejects at once, stops the production and leaves no timer", async () => {
  const clock = new VirtualClock();
  const simulator = createSimulator({ clock });
  const controller = new AbortController();
  const waiting = simulator.fetch(URL, messages({ signal: controller.signal }));
  const reason = new Error("changed my mind");
  controller.abort(reason);
  await assert.rejects(waiting, reason);
  assert.equal(clock.pending, 0);
  const [group] = simulator.stats().organisations[0]?.groups ?? [];
  // Before or after the server saw it: in both cases nothing is in flight any more.
  assert.equal(group?.counts.inFlight ?? 0, 0);
});

test("an abort in the middle of a stream fails its reader", async () => {
  const clock = new VirtualClock();
  const simulator = createSimulator({ clock });
  const controller = new AbortController();
  const response = await clock.run(simulator.fetch(URL, messages({ stream: true, signal: controller.signal })));
  controller.abort(new Error("enough"));
  await assert.rejects(clock.run(response.text()), /enough/);
  assert.equal(simulator.stats().organisations[0].groups[0].counts.aborted, 1);
  assert.equal(clock.pending, 0);
});

test("lost connections fail like fetch fails", async () => {
  const clock = new VirtualClock();
  const dropping = createSimulator({ clock, faults: { drop: 1 } });
  await assert.rejects(clock.run(dropping.fetch(URL, messages())), (error) => error instanceof TypeError && error.cause.code === "ECONNRESET");
  const cutting = createSimulator({ clock, faults: { cut: 1 } });
  const response = await clock.run(cutting.fetch(URL, messages({ stream: true })));
  await assert.rejects(clock.run(response.text()), TypeError);
});

test("workloads and their bound are the seed's", () => {
  const simulator = createSimulator({ limits: { default: { rpm: 60, burstMs: 1000 } } });
  const jobs = simulator.workload("requests-bound", 61, 3);
  assert.deepEqual(simulator.workload("requests-bound", 61, 3), jobs);
  assert.notDeepEqual(simulator.workload("requests-bound", 61, 4), jobs);
  const bound = simulator.bound(jobs);
  assert.equal(bound.binding, "requests");
  assert.ok(bound.ms >= 60_000 && bound.ms < 61_000);
});

test("a million jobs that are alike have the bound that one by one they would have", () => {
  const simulator = createSimulator({ tier: "build" });
  const [job] = simulator.workload("mixed", 1, 3);
  assert.deepEqual(simulator.bound([job], [], [500]), simulator.bound(Array(500).fill(job)));
  const { limits } = simulator.bound([job], [], [1_000_000]);
  assert.equal(limits.find(({ dimension }) => dimension === "outputTokens").total, 1_000_000 * job.outputTokens);
});

test("a cached prefix is written once and then read, and the bodies of its jobs say what to cache", async () => {
  const clock = new VirtualClock();
  const simulator = createSimulator({ clock });
  const jobs = simulator.workload("cached-prefix", 40, 3);
  const usages = [];
  for (const [index, job] of jobs.entries()) {
    assert.ok(job.after === undefined || job.after < index);
    const headers = { "x-api-key": "key", "anthropic-version": "2026-10-21", "x-simulate-output-tokens": String(job.outputTokens) };
    const response = await clock.run(simulator.fetch(URL, { method: "POST", headers, body: simulator.body({ ...job, stream: false }) }));
    const { usage } = await clock.run(response.json());
    assert.equal(usage.input_tokens + usage.cache_creation_input_tokens + usage.cache_read_input_tokens, job.inputTokens);
    usages.push(usage);
  }
  assert.equal(usages[0].cache_read_input_tokens, 0);
  assert.ok(usages.slice(1).every((usage) => usage.cache_read_input_tokens >= jobs[0].shared.systemTokens));
  const [{ cache, limits }] = simulator.stats().organisations[0].groups;
  assert.equal(cache.reads, 39);
  assert.equal(cache.readTokens + limits.find(({ dimension }) => dimension === "inputTokens").charged, jobs.reduce((sum, job) => sum + job.inputTokens, 0));
});

test("a wrong option is named", () => {
  assert.throws(() => createSimulator({ limits: { default: { rpm: -1 } } }), /rpm|-1/);
  assert.throws(() => createSimulator({ fualts: {} }), /unknown field `fualts`/);
  assert.throws(() => createSimulator().workload("other", 1), /unknown workload "other"/);
});
