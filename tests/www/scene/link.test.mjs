import assert from "node:assert/strict";
import { test } from "node:test";
import { DEFAULT_SPEED, hashOf, readHash, SPEEDS } from "../../../site/src/scene/link.js";
import { DEFAULTS, inRange, RANGES, TIERS } from "../../../site/src/scene/options.js";
import { randomFrom } from "../../../site/src/scene/random.js";

test("a link restores every option and the speed", () => {
  for (let seed = 0; seed < 200; seed++) {
    const random = randomFrom(seed);
    const options = { tier: TIERS[Math.floor(random() * TIERS.length)] };
    for (const [name, [least, most]] of Object.entries(RANGES)) options[name] = inRange(name, least + random() * (most - least));
    const speed = SPEEDS[Math.floor(random() * SPEEDS.length)];
    assert.deepEqual(readHash(hashOf({ options, speed })), { options, speed }, `seed ${seed}`);
  }
});

test("a link names every option, so that it outlives a change of the defaults", () => {
  const names = [...new URLSearchParams(hashOf({ options: DEFAULTS, speed: 5 }).slice(1)).keys()];
  assert.deepEqual(names.sort(), [...Object.keys(DEFAULTS), "speed"].sort());
});

test("an address without a scene shows the first one", () => {
  for (const hash of ["", "#", "#scene", "#%", "#a=b&c"]) assert.deepEqual(readHash(hash), { options: DEFAULTS, speed: DEFAULT_SPEED });
});

test("what a link asks for is brought into range, and what is no number is as by default", () => {
  const { options, speed } = readHash("#tier=vip&rpm=-5&requests=1e9&burst=NaN&input=12.6&rate=&seed=0x10&otpm=Infinity&speed=1000");
  assert.deepEqual(
    [options.tier, options.rpm, options.requests, options.burst, options.input, options.rate, options.seed, options.otpm, speed],
    [DEFAULTS.tier, 1, 5_000, DEFAULTS.burst, 20, DEFAULTS.rate, 16, DEFAULTS.otpm, DEFAULT_SPEED],
  );
});

test("every default is in its range", () => {
  for (const [name, [least, most]] of Object.entries(RANGES)) {
    assert.ok(least <= DEFAULTS[name] && DEFAULTS[name] <= most, name);
  }
});
