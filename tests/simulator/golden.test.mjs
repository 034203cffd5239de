import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { bytes } from "../../pkg/wasm/simulator_inline.js";
import { CoreSimulator, initSync } from "../../pkg/wasm/simulator.js";

// The Rust tests keep this file: simulator/tests/golden.rs.
const lines = readFileSync(new URL("../../simulator/tests/golden.jsonl", import.meta.url), "utf8").trim().split("\n").map(JSON.parse);

test("wasm gives the bytes that the native build gives", () => {
  initSync({ module: bytes() });
  const [{ options }, ...rest] = lines;
  const core = new CoreSimulator(JSON.stringify(options));
  for (const { now, request, exchange, stats } of rest) {
    if (stats) {
      assert.deepEqual(JSON.parse(core.stats(now)), stats);
    } else {
      const { method, path, headers, body } = request;
      assert.deepEqual(JSON.parse(core.handle(now, method, path, headers, new TextEncoder().encode(body))), exchange);
    }
  }
});
