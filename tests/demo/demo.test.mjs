import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

const SCRIPT = fileURLToPath(new URL("../../examples/demo/demo.mjs", import.meta.url));
/** Over in a few seconds, with two limits binding; how long an answer will be, nobody can know, so that has room. */
const SMALL = ["--requests", "60", "--rpm", "900", "--itpm", "500000", "--otpm", "400000", "--burst", "2"];

/** Runs the demo; `signalAfterMs` interrupts it. */
function run(args, signalAfterMs) {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [SCRIPT, ...args]);
    let out = "";
    let err = "";
    child.stdout.on("data", (text) => (out += text));
    child.stderr.on("data", (text) => (err += text));
    child.once("error", reject);
    child.once("close", (code) => resolve({ code, out, err }));
    if (signalAfterMs) setTimeout(() => child.kill("SIGINT"), signalAfterMs);
  });
}

test("every call through the limiter is answered and hardly any refused, while the bare SDK is", async () => {
  const { code, out, err } = await run([...SMALL, "--faults", "0", "--json"]);
  assert.equal(err, "");
  const { lanes, lost, bound } = JSON.parse(out);
  const [ours, bare] = lanes;
  assert.deepEqual([code, lost, ours.done, ours.failed], [0, 0, 60, 0]);
  // On a busy machine requests may bunch up on their way; without that it is none (tests/simulator/limiter.test.mjs).
  assert.ok(ours.refused <= 3, `${ours.refused} refused`);
  assert.ok(ours.ms >= bound.ms, `${ours.ms} ms cannot be below the bound of ${bound.ms} ms`);
  assert.ok(bare.refused > 0);
});

test("a table ends the run", async () => {
  const { code, out } = await run([...SMALL, "--faults", "0", "--no-compare"]);
  assert.equal(code, 0);
  assert.match(out, /requests done +60 of 60\n/);
  assert.match(out, /refused by it \(429\) +\d+\n/);
  assert.doesNotMatch(out, /bare SDK/);
  // Nothing that only a terminal understands.
  assert.doesNotMatch(out, /\x1b/);
});

test("an interrupt ends it at once with what was done so far", async () => {
  const { code, out } = await run(["--requests", "400", "--rpm", "60", "--burst", "10"], 2_500);
  assert.equal(code, 130);
  assert.match(out, /Interrupted\. So far:/);
  assert.match(out, /requests done +\d+ of 400/);
});

test("an interrupt leaves JSON whole", async () => {
  const { code, out } = await run(["--requests", "400", "--rpm", "60", "--burst", "10", "--json"], 2_500);
  assert.equal(code, 130);
  assert.equal(JSON.parse(out).interrupted, true);
});

test("a wrong option is named", async () => {
  for (const [args, named] of [
    [["--requests", "0"], /--requests 0/],
    [["--workload", "other"], /--workload other/],
    [["--rpm", "many"], /--rpm many/],
    [["--rpn", "1"], /--rpn/],
  ]) {
    const { code, err } = await run(args);
    assert.equal(code, 2);
    assert.match(err, named);
  }
});
