import type { Limiter } from "../glue/limiter.js";
import { forSpeakeasy, type HttpClientClass, type SpeakeasyOptions } from "./speakeasy.js";
import type { AdapterOptions } from "./timer.js";

/**
 * Options for the client of OpenRouter's SDK, which is given the SDK's own class.
 *
 * ```ts
 * import { HTTPClient, OpenRouter } from "@openrouter/sdk";
 * const router = new OpenRouter({ ...forOpenRouter(limiter, HTTPClient, { timeoutMs: 20_000 }), apiKey });
 * ```
 *
 * The SDK starts its timer before it sends, where a call may wait: it stays off, and the limiter's, of `timeoutMs`, takes
 * its place. The SDK still throws its `RequestTimeoutError`. Its retries, which go on for an hour, are switched off, as the
 * limiter has its own.
 *
 * The `timeoutMs` of one call is the SDK's own timer, and counts the wait; so do its `retries` add to the limiter's. Give
 * that call `{ headers: { "x-tidegate-attempt-timeout-ms": "5000" } }` instead.
 *
 * @param options `timeoutMs` is by default that of the limiter's view, which is none, as in the SDK.
 * @throws {OptionError} for a time that cannot be.
 */
export function forOpenRouter<C>(
  limiter: Limiter,
  HTTPClient: HttpClientClass<C>,
  options: AdapterOptions = {},
): SpeakeasyOptions<C> {
  return forSpeakeasy(limiter, HTTPClient, options.timeoutMs);
}
