import { MAX_TIMER_MS } from "../glue/clock.js";
import type { Limiter } from "../glue/limiter.js";
import type { Fetch } from "../glue/options.js";
import { type AdapterOptions, timedFetch } from "./timer.js";

/** Options of OpenAI's client. */
export interface OpenAIOptions {
  fetch: Fetch;
  timeout: number;
  maxRetries: number;
}

/**
 * Options for the client of OpenAI's SDK.
 *
 * ```ts
 * const openai = new OpenAI({ ...forOpenAI(limiter, { timeoutMs: 20_000 }) });
 * ```
 *
 * The SDK starts its timer before it calls `fetch`, where a call may wait: it is put off to 24 days, and the limiter's, of
 * `timeoutMs`, takes its place. The SDK still throws its `APIConnectionTimeoutError`. Its retries are switched off, as the
 * limiter has its own.
 *
 * The `timeout` of one call is the SDK's own timer, and counts the wait: give that call the header
 * `x-tidegate-attempt-timeout-ms` instead, or take `openai.withOptions(forOpenAI(limiter, { timeoutMs: 5_000 }))`.
 * From its version 7 on, the SDK's timer ends with the body of an answer that is no stream, and this one where that begins.
 *
 * @param options `timeoutMs` is 600,000 by default, as in the SDK.
 * @throws {OptionError} for a time that cannot be.
 */
export function forOpenAI(limiter: Limiter, options: AdapterOptions = {}): OpenAIOptions {
  const { timeoutMs = OPENAI_TIMEOUT_MS } = options;
  return { fetch: timedFetch(limiter, timeoutMs), timeout: MAX_TIMER_MS, maxRetries: 0 };
}

/** `OpenAI.DEFAULT_TIMEOUT` of npm:openai@7.57.0, read 2026-11-27. */
const OPENAI_TIMEOUT_MS = 600_000;
