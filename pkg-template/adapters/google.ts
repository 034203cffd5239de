import type { Limiter } from "../glue/limiter.js";
import type { Fetch } from "../glue/options.js";
import { type AdapterOptions, timedFetch } from "./timer.js";

/** Of the `httpOptions` of Google's client. */
export interface GoogleHttpOptions {
  fetch: Fetch;
}

/**
 * The `httpOptions` for the client of Google's SDK, `@google/genai`.
 *
 * ```ts
 * const google = new GoogleGenAI({ apiKey, httpOptions: forGoogle(limiter, { timeoutMs: 20_000 }) });
 * ```
 *
 * The SDK starts the timer of `httpOptions.timeout` before it calls `fetch`, where a call may wait: give it none, and give
 * `timeoutMs` here. Without its timer the SDK does not tell the server how long the client waits; the header
 * `X-Server-Timeout` (in seconds) in `httpOptions.headers` does. A call that takes too long rejects with a DOMException
 * named `TimeoutError`, where the SDK's timer makes an `AbortError`. The SDK retries only where it is given `retryOptions`:
 * give it none. Calls of its `interactions` retry by themselves, and have the option `maxRetries: 0`.
 *
 * The `httpOptions.timeout` of one call is the SDK's own timer, and counts the wait: give that call
 * `{ config: { httpOptions: { headers: { "x-tidegate-attempt-timeout-ms": "5000" } } } }` instead.
 *
 * @param options `timeoutMs` is by default that of the limiter's view, which is none, as in the SDK.
 * @throws {OptionError} for a time that cannot be.
 */
export function forGoogle(limiter: Limiter, options: AdapterOptions = {}): GoogleHttpOptions {
  return { fetch: timedFetch(limiter, options.timeoutMs) };
}
