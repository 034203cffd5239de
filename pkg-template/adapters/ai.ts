import type { Limiter } from "../glue/limiter.js";
import type { Fetch } from "../glue/options.js";
import { type AdapterOptions, timedFetch } from "./timer.js";

/** Of the options of a provider. */
export interface AIProviderOptions {
  fetch: Fetch;
}

/**
 * Options for the providers of Vercel's AI SDK.
 *
 * ```ts
 * const anthropic = createAnthropic({ ...forAI(limiter, { timeoutMs: 20_000 }) });
 * const model = wrapLanguageModel({ model: anthropic("claude-sonnet-5"), middleware: withoutRetries });
 * ```
 *
 * The AI SDK's own timers, whatever is in the `timeout` of `generateText` or `streamText`, count the time in which a call
 * waits, and so does an `AbortSignal.timeout` as its `abortSignal`: give `timeoutMs` here, or one call the header
 * `x-tidegate-attempt-timeout-ms`, in `headers`. A call that takes too long rejects with a DOMException named
 * `TimeoutError`, as with the AI SDK's own `timeout`.
 *
 * The AI SDK tries again beside the limiter, three times in all: say `maxRetries: 0` in each call, or wrap the model in
 * {@link withoutRetries} once.
 *
 * @param options `timeoutMs` is by default that of the limiter's view, which is none, as in the AI SDK.
 * @throws {OptionError} for a time that cannot be.
 */
export function forAI(limiter: Limiter, options: AdapterOptions = {}): AIProviderOptions {
  return { fetch: timedFetch(limiter, options.timeoutMs) };
}

/** What the AI SDK takes as middleware of a language model. */
export interface WithoutRetries {
  readonly specificationVersion: "v4";
  wrapGenerate<R>(call: { doGenerate: () => PromiseLike<R> }): Promise<R>;
  wrapStream<R>(call: { doStream: () => PromiseLike<R> }): Promise<R>;
}

/**
 * Middleware for `wrapLanguageModel`: what has failed is not tried again by the AI SDK, as the limiter has done so.
 * Errors are otherwise as they are without it.
 */
export const withoutRetries: WithoutRetries = {
  specificationVersion: "v4",
  wrapGenerate: ({ doGenerate }) => once(doGenerate),
  wrapStream: ({ doStream }) => once(doStream),
};

async function once<R>(call: () => PromiseLike<R>): Promise<R> {
  try {
    return await call();
  } catch (error) {
    // The one thing that the AI SDK asks of an error before it tries again (npm:ai@7.0.173, read 2026-11-27).
    if (error instanceof Error && "isRetryable" in error) error.isRetryable = false;
    throw error;
  }
}
