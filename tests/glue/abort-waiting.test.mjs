// Many that wait and are given up, round after round: the memory stays.
import assert from "node:assert/strict";
import { test } from "node:test";
import { assertFlat, held, memory } from "./abort-memory.mjs";
import { oneAtATime } from "./support.mjs";

const CALLS = 100_000;

test(`${CALLS} that wait and are given up leave the memory as it was, round for round`, async () => {
  const limiter = oneAtATime({ queue: { maxDepth: CALLS } });
  const permit = limiter.tryAcquire();
  const sizes = [];
  const pages = [];
  for (let round = 0; round < 4; round++) {
    const controller = new AbortController();
    const calls = Array.from({ length: CALLS }, () => limiter.acquire(1, { signal: controller.signal }));
    assert.equal(limiter.snapshot().waiting, CALLS);
    controller.abort("enough");
    assert.equal(limiter.snapshot().waiting, 0);
    assert.ok((await Promise.allSettled(calls)).every(({ reason }) => reason === "enough"));
    pages.push(memory.buffer.byteLength);
    sizes.push(await held());
  }
  assert.deepEqual(new Set(pages.slice(1)).size, 1, `the module's memory grows: ${pages}`);
  assertFlat(sizes);
  permit.release();
  limiter.tryAcquire().release();
});
