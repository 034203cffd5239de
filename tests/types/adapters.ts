// The types of the adapters stand by themselves: nothing of an SDK is needed to read them.
import { createLimiter, type Fetch, type Middleware, type MiddlewareRequest } from "tidegate";
import { type AIProviderOptions, forAI, withoutRetries } from "tidegate/ai";
import { forGoogle, type GoogleHttpOptions } from "tidegate/google";
import { forMistral } from "tidegate/mistral";
import { forOpenAI, type OpenAIOptions } from "tidegate/openai";
import { forOpenRouter } from "tidegate/openrouter";

const limiter = createLimiter();

/** Like the class that SDKs of one kind export. */
class HTTPClient {
  private readonly fetcher: Fetch;
  constructor(options: { fetcher?: Fetch } = {}) {
    this.fetcher = options.fetcher ?? fetch;
  }
  request(request: Request): Promise<Response> {
    return this.fetcher(request);
  }
}

export const openai: OpenAIOptions = forOpenAI(limiter, { timeoutMs: 20_000 });
export const ai: AIProviderOptions = forAI(limiter.with({ attemptTimeoutMs: 5 }));
export const google: GoogleHttpOptions = forGoogle(limiter);
export const mistral: HTTPClient = forMistral(limiter, HTTPClient, { timeoutMs: undefined }).httpClient;
export const router: "none" = forOpenRouter(limiter, HTTPClient, {}).retryConfig.strategy;
export const answer: Promise<string> = withoutRetries.wrapGenerate({ doGenerate: async () => "text" });
export const middleware: Middleware = limiter.middleware();
export const sent = (request: MiddlewareRequest): Promise<Response> =>
  middleware(request, ({ url, ...init }) => fetch(url, init));
export const more = (request: MiddlewareRequest & { stream: true }): Promise<Response> =>
  middleware(request, async ({ stream }) => Response.json({ stream }));
