import assert from "node:assert/strict";
import { test } from "node:test";
import { Step } from "../../../site/src/scene/log.js";
import { DEFAULTS, RANGES, TIERS } from "../../../site/src/scene/options.js";
import { randomFrom } from "../../../site/src/scene/random.js";
import { bySteps, fingerprint, play } from "./support.mjs";

test("the first scene shows the difference: refusals and calls given up by plain fetch, none through Tidegate", async () => {
  const { bound, plain, tidegate } = await play(DEFAULTS);
  const { requests } = DEFAULTS;
  assert.deepEqual([tidegate.counts.done, tidegate.counts.refused, tidegate.counts.wastedTokens], [requests, 0, 0]);
  assert.ok(tidegate.counts.endedAtMs >= bound.ms, "the bound is no bound");
  assert.ok(tidegate.counts.endedAtMs < 1.12 * bound.ms, `${tidegate.counts.endedAtMs} ms of ${bound.ms} ms`);
  assert.ok(plain.counts.refused > requests, `${plain.counts.refused} refused`);
  assert.ok(plain.counts.failed > requests / 10, `${plain.counts.failed} given up`);
  assert.ok(plain.counts.wastedTokens > 100_000);
  // Who is urgent waits less for it, while to plain fetch all are alike.
  assert.ok(tidegate.waits("interactive").most < tidegate.waits("batch").half);
});

test("the same options are the same scene, however time passes in it", async () => {
  const expected = fingerprint(await play());
  const impatient = ({ clock }) => clock.advance(clock.now() + 60_000, () => false);
  const uneven = randomFrom(7);
  for (const advance of [bySteps(7), bySteps(60_000), impatient, (world) => bySteps(uneven() * 900)(world)]) {
    assert.equal(fingerprint(await play({}, advance)), expected);
  }
});

test("each option changes the scene", async () => {
  const changes = {
    tier: "start", rpm: 200, itpm: 60_000, otpm: 50_000, bucket: 2, requests: 150, burst: 40, rate: 900,
    input: 700, output: 500, interactive: 60, neighbour: 40, faults: 12, seed: 2,
  };
  assert.deepEqual(Object.keys(changes).sort(), Object.keys(DEFAULTS).sort());
  const seen = new Set([fingerprint(await play())]);
  for (const [name, value] of Object.entries(changes)) {
    seen.add(fingerprint(await play({ [name]: value })));
    assert.equal(seen.size, 2 + Object.keys(changes).indexOf(name), `${name} changes nothing`);
  }
});

test("without a neighbour and without faults no request through Tidegate is refused, whatever the scene", async () => {
  for (let seed = 0; seed < 24; seed++) {
    const options = drawn(seed);
    const { tidegate, bound } = await play(options);
    const shown = JSON.stringify(options);
    assert.deepEqual([tidegate.counts.refused, tidegate.counts.done], [0, options.requests], shown);
    assert.ok(tidegate.counts.endedAtMs >= Math.floor(bound.ms), shown);
  }
});

test("every request ends exactly once in either lane, and what it did in between makes sense", async () => {
  for (let seed = 100; seed < 112; seed++) {
    const options = { ...drawn(seed), neighbour: seed % 2 ? 40 : 0, faults: seed % 3 ? 20 : 0 };
    const { plain, tidegate, steps } = await play(options);
    for (const [name, log] of Object.entries({ plain, tidegate })) {
      const shown = `${name} ${JSON.stringify(options)}`;
      const { waiting, inFlight, done, failed } = log.counts;
      assert.deepEqual([waiting, inFlight, done + failed], [0, 0, options.requests], shown);
      const ends = pathsOf(steps[name], shown);
      assert.equal(ends.size, options.requests, shown);
      assert.ok([...ends.values()].every((step) => step === Step.done || step === Step.failed), shown);
    }
  }
});

test("levels are looked at in even intervals from the beginning to the end", async () => {
  const { samples, tidegate, plain } = await play();
  const instants = samples.filter((_, index) => index % 7 === 0);
  assert.equal(instants[0], 0);
  assert.ok(instants.slice(1, -1).every((instant, index) => instant - instants[index] === 500));
  assert.equal(instants.at(-1), Math.max(tidegate.counts.endedAtMs, plain.counts.endedAtMs));
  // All full at first, and the requests soon used up.
  assert.deepEqual(samples.slice(1, 7), [100, 100, 100, 100, 100, 100]);
  assert.ok(samples.some((level, index) => index % 7 === 1 && level < 2));
});

/** Options of a scene that is soon run, from a seed. */
function drawn(seed) {
  const random = randomFrom(seed);
  const between = (least, most) => Math.round(least + random() * (most - least));
  const requests = between(1, 150);
  return {
    tier: TIERS[between(0, 3)],
    rpm: between(30, 2_000),
    itpm: between(20_000, 2_000_000),
    otpm: between(20_000, 400_000),
    bucket: between(...RANGES.bucket),
    requests,
    burst: between(0, requests),
    rate: between(100, 5_000),
    input: between(20, 2_000),
    output: between(1, 900),
    interactive: between(0, 100),
    neighbour: 0,
    faults: 0,
    seed,
  };
}

/** Follows every request through its steps, and returns the last of each. */
function pathsOf(steps, shown) {
  const follows = {
    [Step.handed]: [undefined],
    [Step.sent]: [Step.handed, Step.refused, Step.faulted],
    [Step.refused]: [Step.sent],
    [Step.faulted]: [Step.sent],
    [Step.done]: [Step.sent],
    // Who could not be sent at all is given up, too.
    [Step.failed]: [Step.handed, Step.refused, Step.faulted],
  };
  const last = new Map();
  for (let at = 0; at < steps.length; at += 2) {
    const [id, step] = [steps[at], steps[at + 1]];
    assert.ok(follows[step].includes(last.get(id)), `request ${id}: ${last.get(id)}, then ${step}: ${shown}`);
    last.set(id, step);
  }
  return last;
}
