import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { Pace } from "../../site/src/player/pace.js";

let pace;
beforeEach(() => {
  pace = new Pace();
  pace.open();
});

/** A second and a half of frames in which the scene advances by `speed` for each that passes. */
function play(asked, speed, fromMs = 0) {
  for (let frame = 1; frame <= 90; frame++) {
    pace.pass(1000 / 60, asked);
    pace.reached(fromMs + (frame * 1000 * speed) / 60);
  }
}

test("nothing is said while time passes about as fast as was asked for", () => {
  play(10, 9.5);
  assert.equal(pace.managed, undefined);
});

test("where a device cannot keep up, it says how fast it is, and no longer once it can", () => {
  play(60, 24);
  assert.ok(Math.abs(pace.managed - 24) < 1, String(pace.managed));
  play(10, 10, 36_000);
  assert.equal(pace.managed, undefined);
});

test("a new scene begins with nothing said", () => {
  play(60, 24);
  pace.open();
  assert.equal(pace.managed, undefined);
});
