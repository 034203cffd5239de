import assert from "node:assert/strict";
import test from "node:test";
import { settled } from "../../glue/support.mjs";
import { Objects, sharedLimiter, VirtualClock } from "./virtual.mjs";

function world(options, given = {}) {
  const clock = new VirtualClock();
  const objects = new Objects(options, clock);
  const limiter = (more = {}) => sharedLimiter(objects, { clock, ...given, ...more });
  return { clock, objects, limiter };
}

test("calls of all Workers share one limit", async () => {
  const { clock, limiter } = world({ limits: { default: { concurrency: 2 } } });
  const started = [];
  const permits = [];
  for (let index = 0; index < 5; index += 1) {
    limiter().acquire().then((permit) => {
      started.push(index);
      permits.push(permit);
    });
  }
  await clock.advance(0);
  assert.deepEqual(started, [0, 1]);
  await permits[0].release();
  await clock.advance(0);
  assert.deepEqual(started, [0, 1, 2]);
});
