import assert from "node:assert/strict";
import { afterEach, beforeEach, test } from "node:test";
import { VirtualClock } from "../../../site/src/scene/clock.js";
import { randomFrom } from "../../../site/src/scene/random.js";

let clock;
beforeEach(() => (clock = new VirtualClock()));
afterEach(() => clock.close());

const patient = () => true;

test("timers fire at their instants, in the order of these, and of two at one in the order in which they were set", async () => {
  const random = randomFrom(3);
  const set = [];
  const fired = [];
  for (let index = 0; index < 500; index++) {
    const delay = Math.floor(random() * 60);
    set.push([delay, index]);
    clock.setTimer(() => fired.push([clock.now(), index]), delay);
  }
  await clock.advance(59, patient);
  assert.deepEqual(fired, set.sort(([one, first], [other, second]) => one - other || first - second));
  assert.equal(clock.now(), 59);
});

test("what comes of one instant is over before the next", async () => {
  const told = [];
  clock.setTimer(async () => {
    for (let step = 0; step < 50; step++) await undefined;
    told.push("first");
  }, 1);
  clock.setTimer(() => told.push("second"), 2);
  await clock.advance(2, patient);
  assert.deepEqual(told, ["first", "second"]);
});

test("a timer that was set on the way fires if it is due, at once where it has no delay", async () => {
  const fired = [];
  clock.setTimer(() => {
    clock.setTimer(() => fired.push(clock.now()), 0);
    clock.setTimer(() => fired.push(clock.now()), 5);
    clock.setTimer(() => fired.push(clock.now()), 50);
  }, 10);
  await clock.advance(20, patient);
  assert.deepEqual(fired, [10, 15]);
});

test("a cleared timer does not fire, nor does clearing it again do harm", async () => {
  const fired = [];
  const timers = [1, 2, 3].map((delay) => clock.setTimer(() => fired.push(delay), delay));
  clock.clearTimer(timers[1]);
  await clock.advance(10, patient);
  clock.clearTimer(timers[0]);
  assert.deepEqual(fired, [1, 3]);
});

test("who has no more patience finds time where it came to, and the rest of the timers still set", async () => {
  const fired = [];
  for (const delay of [1, 2, 3]) clock.setTimer(() => fired.push(delay), delay);
  await clock.advance(10, () => fired.length < 2);
  assert.deepEqual([fired, clock.now()], [[1, 2], 2]);
  await clock.advance(10, patient);
  assert.deepEqual([fired, clock.now()], [[1, 2, 3], 10]);
});

test("time never goes back", async () => {
  await clock.advance(10, patient);
  await clock.advance(5, patient);
  assert.equal(clock.now(), 10);
});
