// How much a process holds, and whether that grows.
import assert from "node:assert/strict";
import v8 from "node:v8";
import vm from "node:vm";

const core = await import(new URL("../wasm/core.js", import.meta.resolve("tidegate")).href);

/** The module's memory, which can only grow. */
export const { memory } = core.initSync();

v8.setFlagsFromString("--expose-gc");

/** Collects garbage. What finalizers do comes in a later turn. */
export const collect = vm.runInNewContext("gc");

/** Room for what engines keep for themselves as they compile and recompile. */
const SLACK = 256 * 1024;

/** Bytes that live, on the heap and in the module's memory. */
export async function held() {
  // Some is let go of only in a turn after the one that collects.
  for (let turn = 0; turn < 3; turn++) {
    await new Promise(setImmediate);
    collect();
  }
  return process.memoryUsage().heapUsed + memory.buffer.byteLength;
}

/** The first half of the rounds fills what is kept and used again, compiled code above all; after it nothing is added. */
export function assertFlat(sizes) {
  const [from, to] = [sizes[sizes.length >> 1], sizes.at(-1)];
  assert.ok(to - from < SLACK, `from ${from} to ${to} bytes: ${sizes}`);
}
