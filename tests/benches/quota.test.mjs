// What the benchmark of quotas makes of what it has seen.
import assert from "node:assert/strict";
import { test } from "node:test";
import { clean, fairness, figuresOf, jain, medianRun, percentile } from "../../benches/js/quota/score.mjs";

const perfect = { completed: 100, total: 100, boundMs: 15_000, timeMs: 15_000, served: 100, requests: 100 };

test("work that is done in the least time without a refusal is clean", () => {
  assert.equal(clean(perfect), 1);
});

test("each kind of waste makes work less clean", () => {
  assert.equal(clean({ ...perfect, timeMs: 30_000 }), 0.5);
  assert.equal(clean({ ...perfect, requests: 200 }), 0.5);
  assert.equal(clean({ ...perfect, completed: 50, served: 50, requests: 50 }), 0.5);
  assert.equal(clean({ ...perfect, completed: 50, served: 50, timeMs: 30_000 }), 0.125);
});

test("giving up early is no way to be fast", () => {
  assert.equal(clean({ ...perfect, completed: 80, served: 80, requests: 80, timeMs: 1_000 }), 0.8);
});

test("nothing done is nothing, and no division by it", () => {
  assert.equal(clean({ ...perfect, completed: 0, served: 0, requests: 0 }), 0);
  assert.equal(clean({ ...perfect, total: 0 }), 0);
});

test("a percentile is a value that was measured", () => {
  const values = Array.from({ length: 100 }, (_, index) => 100 - index);
  assert.equal(percentile(values, 0.5), 50);
  assert.equal(percentile(values, 0.95), 95);
  assert.equal(percentile(values, 1), 100);
  assert.equal(percentile([7], 0.99), 7);
  assert.equal(percentile([9, 1], 0.5), 1);
  assert.equal(percentile([], 0.5), undefined);
  assert.equal(values[0], 100, "the values stay as they were");
});

test("Jain's index is 1 for equals and 1/n where one has everything", () => {
  assert.equal(jain([3, 3, 3, 3]), 1);
  assert.equal(jain([8, 0, 0, 0]), 0.25);
  assert.equal(jain([2, 1]), 0.9);
  assert.equal(jain([0, 0]), 0);
});

test("processes are compared while all of them have work", () => {
  const every = (ms, count) => Array.from({ length: count }, (_, index) => (index + 1) * ms);
  const alike = [every(100, 10), every(100, 40)].map((ends) => ({ ends, total: ends.length }));
  assert.equal(fairness(alike), 1);
  const starved = [every(100, 10), every(1_000, 10)].map((ends) => ({ ends, total: ends.length }));
  assert.equal(fairness(starved), jain([10, 1]));
});

test("who never has all of its answers ends no comparison", () => {
  assert.equal(fairness([{ ends: [1], total: 2 }, { ends: [5, 9], total: 2 }]), jain([1, 2]));
});

const result = (over) => ({ index: 0, interactive: false, handedIn: 0, first: 100, end: 200, ok: true, ...over });
const run = (over) => ({
  total: 2,
  boundMs: 200,
  processes: [{ total: 2, results: [result({}), result({ end: 400 })] }],
  counts: { requests: 2, served: 2, refused: 0 },
  paidAtMs: 0,
  ...over,
});

test("the time goes on until the last answer has ended and the last debt is paid", () => {
  assert.equal(figuresOf(run({})).timeMs, 400);
  assert.equal(figuresOf(run({ paidAtMs: 800 })).timeMs, 800);
  assert.equal(figuresOf(run({ paidAtMs: 800 })).clean, 0.25);
});

test("what was stopped took the time until it was stopped", () => {
  const { completed, timeMs, clean } = figuresOf(run({ processes: [{ total: 2, results: [result({})] }], stoppedAtMs: 800 }));
  assert.deepEqual([completed, timeMs, clean], [1, 800, 0.125]);
});

test("the waits are those of answered interactive calls, from when they were handed in", () => {
  const results = [result({ interactive: true, handedIn: 40 }), result({}), result({ interactive: true, ok: false })];
  const { p50, p99 } = figuresOf(run({ processes: [{ total: 3, results }] }));
  assert.deepEqual([p50, p99], [60, 60]);
  assert.equal(figuresOf(run({})).p50, undefined);
});

test("of several runs the median is shown, and of an even number the worse of the two", () => {
  const runs = [0.5, 0.9, 0.7].map((clean) => ({ clean }));
  assert.equal(medianRun(runs).clean, 0.7);
  assert.equal(medianRun([...runs, { clean: 0.8 }]).clean, 0.7);
});
