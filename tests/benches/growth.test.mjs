// What the benchmark of growth makes of what it has seen, and that it does not wait for ever.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { figuresOf } from "../../benches/js/growth/run.mjs";
import { CANCELLED, SUBJECTS } from "../../benches/js/growth/subjects.mjs";
import { growthOf, slope, tablesOf } from "../../benches/js/growth/table.mjs";

const SCRIPT = fileURLToPath(new URL("../../benches/js/growth.mjs", import.meta.url));

test("a slope is 0 for what stays, 1 for what grows as the number does, 2 for its square", () => {
  assert.equal(slope([10, 7], [1_000, 7]), 0);
  assert.ok(Math.abs(slope([10, 7], [1_000, 700]) - 1) < 1e-12);
  assert.ok(Math.abs(slope([10, 3], [100, 300]) - 2) < 1e-12);
});

test("the growth is that from the first to the last, and the steepest between neighbours", () => {
  const { overall, steepest } = growthOf([[10, 5], [100, 5], [1_000, 50]]);
  assert.ok(Math.abs(overall - 0.5) < 1e-12);
  assert.ok(Math.abs(steepest - 1) < 1e-12);
});

test("what could not be waited for, or is not there, has no part in the growth", () => {
  assert.equal(growthOf([[10, 5], [100, Infinity]]), undefined);
  assert.equal(growthOf([[10, 5], [100, 5], [1_000, Infinity]]).overall, 0);
});

test("a table has ratios to ours, and says what is not there and what took too long", () => {
  const row = (subject, size, value) => ({ phase: "cancel", unit: "ns", subject, size, value });
  const rows = [
    row("tidegate", 10, 200), row("tidegate", 1_000, 200),
    row("p-queue", 10, 400), row("p-queue", 1_000, Infinity),
    row("limiter", 10, undefined), row("limiter", 1_000, undefined),
  ];
  assert.deepEqual(tablesOf(rows, 20_000).trim().split("\n"), [
    "| cancel (ns) | 10 | 1,000 | growth (steepest) |",
    "| --- | --: | --: | --: |",
    "| tidegate | 200 | 200 | 0.00 (0.00) |",
    "| p-queue | 400 (×2.00) | more than 20 s | – |",
    "| limiter | none | none | – |",
  ]);
});

test("a run that takes too long is ended and not waited for", async () => {
  const figures = await figuresOf("bottleneck", 2_000, ["drain", "memory"], { repeats: 1, boundMs: 1_000 });
  assert.equal(figures.get("drain"), Infinity);
  assert.ok(Number.isFinite(figures.get("memory")), "what stands behind it is measured all the same");
});

test("a run that fails is an error and no figure", async () => {
  await assert.rejects(figuresOf("nobody", 10, ["drain"], { repeats: 1, boundMs: 20_000 }), /nobody, 10, drain: ended with 1/);
});

test("every subject has a figure for everything, with few waiters", { timeout: 120_000 }, async () => {
  const { stdout } = await promisify(execFile)(process.execPath, [SCRIPT, "--quick"]);
  const rows = stdout.trim().split("\n").map((line) => JSON.parse(line));
  for (const subject of Object.keys(SUBJECTS)) {
    for (const phase of ["memory", "enqueue", "cancel", "drain"]) {
      const figures = rows.filter((row) => row.subject === subject && row.phase === phase);
      assert.deepEqual(figures.map(({ size }) => size), [10, 20]);
      for (const { value } of figures) {
        if (phase === "cancel" && !CANCELLED.includes(subject)) assert.equal(value, undefined);
        else assert.ok(Number.isFinite(value), `${subject}, ${phase}: ${value}`);
      }
    }
  }
});

test("a wrong option is named", async () => {
  await assert.rejects(promisify(execFile)(process.execPath, [SCRIPT, "--sizes", "many"]), /--sizes is many/);
  await assert.rejects(promisify(execFile)(process.execPath, [SCRIPT, "--subjects", "nobody"]), /--subjects is nobody/);
});
