import assert from "node:assert/strict";
import { test } from "node:test";
import { capital, clockTime, dimensionName, duration, number, short } from "../../site/src/words.js";

test("durations are said in the two largest units that they have", () => {
  const texts = [
    [0, "0 ms"],
    [250.4, "250 ms"],
    [2_634.375, "2.6 s"],
    [9_999, "9.9 s"],
    [59_700, "1 min"],
    [123_000, "2 min 3 s"],
    [3_599_700, "1 h"],
    [11_040_000, "3 h 4 min"],
    [86_400_000, "1 day"],
    [190_800_000, "2 days 5 h"],
    [86_400_000 * 1_234, "1,234 days"],
    [1e15, "more than 10 years"],
  ];
  for (const [ms, text] of texts) assert.equal(duration(ms), text);
});

test("numbers have groups of digits, and dimensions are words", () => {
  assert.equal(number(1_234_567), "1,234,567");
  assert.equal(dimensionName("inputTokens"), "input tokens");
  assert.equal(capital(dimensionName("output_tokens")), "Output tokens");
});

test("instants are read as on a clock, and large numbers are short", () => {
  assert.deepEqual([0, 9_999, 125_000, 3_725_000].map(clockTime), ["0:00", "0:09", "2:05", "1:02:05"]);
  assert.deepEqual([0, 9_999, 12_345, 1_949_999].map(short), ["0", "9,999", "12.3 k", "1.9 M"]);
});
