// What the benchmark of the demo page makes of the frames it has seen.
import assert from "node:assert/strict";
import { test } from "node:test";
import { readOptions } from "../../benches/js/frames/options.mjs";
import { SCENES } from "../../benches/js/frames/scenes.mjs";
import { figuresOf, lateShare, quantile, tableOf } from "../../benches/js/frames/table.mjs";

test("a quantile is one of the values, the least that so many do not exceed", () => {
  const values = Array.from({ length: 20 }, (_, index) => 20 - index);
  assert.deepEqual([0, 0.5, 0.95, 1].map((share) => quantile(values, share)), [1, 10, 19, 20]);
  assert.equal(quantile([7], 0.5), 7);
});

test("late is what a screen with 60 pictures a second shows twice", () => {
  assert.equal(lateShare([16.7, 16.6, 16.8, 17.5]), 0);
  assert.equal(lateShare([16.7, 33.3, 16.7, 50]), 0.5);
});

test("a row has every figure with its unit, and the table shows them", () => {
  const frames = { intervals: [16, 17, 40, 17], own: [1, 2, 3], opening: 250, marks: 1234, share: 0.25 };
  const row = { scene: "a", speed: 10, window: { width: 390, height: 844 }, frames };
  const figures = figuresOf(row);
  const told = Object.fromEntries(figures.map(({ subject, value, unit }) => [subject, `${value} ${unit}`.trim()]));
  assert.deepEqual(told, {
    opening: "250 ms",
    "marks, at most": "1234",
    "interval, median": "17 ms",
    "interval, 95 %": "40 ms",
    "interval, worst": "40 ms",
    late: "25 %",
    "own work, median": "2 ms",
    "own work, 95 %": "3 ms",
    "own work, worst": "3 ms",
    busy: "25 %",
  });
  assert.ok(figures.every(({ bench }) => bench === "a, 10×, 390×844"));
  const lines = tableOf([row, row]).trimEnd().split("\n");
  assert.equal(lines.length, 4);
  assert.match(lines[2], /^\| a, 10×, 390×844 \| 250\.0 \| 1234 \| 17\.0 \| 40\.0 \| 40\.0 \| 25 \| /);
});

test("options are read, and wrong ones are named", () => {
  const usual = readOptions([]);
  assert.deepEqual(usual.scenes, SCENES);
  assert.deepEqual(usual.speeds, [1, 10, 60]);
  assert.deepEqual(usual.windows, [{ width: 1440, height: 900 }, { width: 390, height: 844 }]);
  assert.equal(usual.forMs, 5_000);
  const name = Object.keys(SCENES)[1];
  assert.deepEqual(readOptions(["--scenes", name]).scenes, { [name]: SCENES[name] });
  for (const wrong of ["--scenes=x", "--speeds=3", "--windows=390", "--windows=axb", "--seconds=0", "--seconds="]) {
    assert.throws(() => readOptions([wrong]), (error) => error.message.startsWith(wrong.split("=")[0]), wrong);
  }
});
