import type { Limiter } from "../glue/limiter.js";
import { forSpeakeasy, type HttpClientClass, type SpeakeasyOptions } from "./speakeasy.js";
import type { AdapterOptions } from "./timer.js";

/**
 * Options for the client of Mistral's SDK, which is given the SDK's own class.
 *
 * ```ts
 * import { HTTPClient, Mistral } from "@mistralai/mistralai";
 * const mistral = new Mistral({ ...forMistral(limiter, HTTPClient, { timeoutMs: 20_000 }), apiKey });
 * ```
 *
 * The SDK starts its timer before it sends, where a call may wait: it is switched off, and the limiter's, of `timeoutMs`,
 * takes its place. The SDK still throws its `RequestTimeoutError`. Its retries are switched off, as the limiter has its own.
 *
 * The `timeoutMs` of one call is the SDK's own timer, and counts the wait; so do its `retries` add to the limiter's. Give
 * that call `{ headers: { "x-tidegate-attempt-timeout-ms": "5000" } }` instead.
 *
 * @param options `timeoutMs` is 300,000 by default, as in the SDK.
 * @throws {OptionError} for a time that cannot be.
 */
export function forMistral<C>(
  limiter: Limiter,
  HTTPClient: HttpClientClass<C>,
  options: AdapterOptions = {},
): SpeakeasyOptions<C> {
  const { timeoutMs = MISTRAL_TIMEOUT_MS } = options;
  return forSpeakeasy(limiter, HTTPClient, timeoutMs);
}

/** Of chat completions in npm:@mistralai/mistralai@2.7.0, read 2026-11-27. */
const MISTRAL_TIMEOUT_MS = 300_000;
