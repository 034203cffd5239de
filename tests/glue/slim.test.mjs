// The manual entry: whoever imports it brings the module.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

import { createLimiter, init, isTidegateError } from "tidegate/slim";

const MODULE = fileURLToPath(import.meta.resolve("tidegate/core.wasm"));

test("the module is awaited: an error says what is missing, a failure can be repeated, and then all works", async () => {
  assert.throws(() => createLimiter(), (error) => isTidegateError(error, "core-panicked") && /init/.test(error.message));

  await assert.rejects(init(undefined), (error) => isTidegateError(error, "invalid-option") && error.option === "module");
  await assert.rejects(init(new Response("not here", { status: 404 })), /404/);
  await assert.rejects(init(new Uint8Array([1, 2, 3])), WebAssembly.CompileError);
  assert.throws(() => createLimiter(), (error) => isTidegateError(error, "core-panicked"));

  await Promise.all([init(readFile(MODULE)), init(readFile(MODULE))]);
  const limiter = createLimiter({ limits: { default: { rpm: 1 } } });
  assert.notEqual(limiter.tryAcquire(), undefined);
  assert.equal(limiter.tryAcquire(), undefined);

  // It is loaded: another source is not even looked at.
  await init(new Response("", { status: 404 }));
  assert.equal(limiter.tryAcquire(), undefined);
});
