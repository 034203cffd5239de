import type { Limiter } from "../glue/limiter.js";
import type { Fetch } from "../glue/options.js";
import { timedFetch } from "./timer.js";

/** The class `HTTPClient` that SDKs made by Speakeasy export. */
export type HttpClientClass<C> = new (options: { fetcher: Fetch }) => C;

/** Options of such an SDK. */
export interface SpeakeasyOptions<C> {
  httpClient: C;
  timeoutMs: number;
  retryConfig: { strategy: "none" };
}

/** Options for an SDK made by Speakeasy, which sends `Request` objects through an object of its own class. */
export function forSpeakeasy<C>(
  limiter: Limiter,
  HTTPClient: HttpClientClass<C>,
  timeoutMs: number | undefined,
): SpeakeasyOptions<C> {
  return {
    httpClient: new HTTPClient({ fetcher: timedFetch(limiter, timeoutMs) }),
    timeoutMs: NO_TIMER,
    retryConfig: { strategy: "none" },
  };
}

/** Neither 0 nor nothing, which stand for the default; the SDKs arm a timer for what is above 0. */
const NO_TIMER = -1;
