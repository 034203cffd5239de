import assert from "node:assert/strict";
import { test } from "node:test";
import { DEFAULTS } from "../../../site/src/scene/options.js";
import { requestsOf } from "../../../site/src/scene/workload.js";

/** Of many, so that means are near what they should be. */
const MANY = { ...DEFAULTS, requests: 5_000, burst: 0, rate: 1_200, input: 1_000, output: 200, interactive: 30 };

test("rate, sizes and shares are what the options say, on average", () => {
  for (const seed of [1, 2, 3]) {
    const requests = requestsOf({ ...MANY, seed });
    const mean = (of) => requests.reduce((sum, request) => sum + of(request), 0) / requests.length;
    near(mean(({ job }) => job.inputTokens), 1_000, 0.02);
    near(mean(({ job }) => job.outputTokens), 200, 0.02);
    near(mean(({ kind }) => Number(kind === "interactive")), 0.3, 0.08);
    near(requests.at(-1).atMs / 60_000, 5_000 / 1_200, 0.05);
    assert.ok(requests.every(({ kind, job }) => job.priority === (kind === "interactive" ? "high" : "normal")));
  }
});

test("the burst comes at the start, ten in a millisecond, and the others after it in order", () => {
  const requests = requestsOf({ ...MANY, requests: 300, burst: 100 });
  assert.equal(requests.filter(({ atMs }) => atMs < 10).length, 100);
  assert.ok(requests.every(({ atMs }, index) => index === 0 || atMs >= requests[index - 1].atMs));
  // Whatever is left over of a burst that is larger than the scene.
  assert.equal(requestsOf({ ...MANY, requests: 3, burst: 100 }).length, 3);
});

test("sizes stay within half of the mean, and above what the simulator can make", () => {
  for (const { job } of requestsOf({ ...MANY, input: 20, output: 1 })) {
    assert.ok(job.inputTokens >= 20 && job.inputTokens <= 30);
    assert.ok(job.outputTokens >= 1 && job.outputTokens <= 2 && job.outputTokens <= job.maxTokens);
  }
});

test("one seed is one stream of requests, and another seed another", () => {
  const options = { ...MANY, requests: 100 };
  assert.deepEqual(requestsOf(options), requestsOf({ ...options }));
  assert.notDeepEqual(requestsOf(options), requestsOf({ ...options, seed: options.seed + 1 }));
});

function near(value, expected, share) {
  assert.ok(Math.abs(value - expected) <= expected * share, `${value} is not about ${expected}`);
}
