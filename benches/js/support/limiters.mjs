// Limiters with so much quota that nobody waits, and the class under the glue.
import { createLimiter } from "tidegate";

/** What fits into no benchmark. */
export const PLENTY = 1_000_000_000;

/** What a call takes where there are three limits. */
export const COST = { inputTokens: 1_000, outputTokens: 200 };

const core = await import(new URL("../wasm/core.js", import.meta.resolve("tidegate")).href);

/** The WebAssembly class itself. */
export const { CoreLimiter } = core;

/** The memory of the module that is loaded. */
export const { memory } = core.initSync();

export const threeLimits = { default: { rpm: PLENTY, itpm: PLENTY * 1_000, otpm: PLENTY * 200 } };

export function oneLimit() {
  return createLimiter({ limits: { default: { rpm: PLENTY } } });
}

export function withThreeLimits() {
  return createLimiter({ limits: threeLimits });
}
