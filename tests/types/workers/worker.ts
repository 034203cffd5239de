// What a user writes in a Worker type-checks by Cloudflare's own types.
import { type CacheLike, createLimiter, type Fetch, isTidegateError } from "tidegate";
import { createSimulator, type Simulator } from "tidegate/simulator";

interface Env {
  readonly API_KEY: string;
}

const limiter = createLimiter({ limits: { "claude-sonnet-*": { rpm: 1_000 } } });
export const asFetch: typeof fetch = limiter.fetch;
export const asUpstream: Fetch = (input, init) => fetch(input, init);

export default {
  async fetch(request, env, ctx): Promise<Response> {
    const store: CacheLike = caches.default;
    const view = limiter.with({
      signal: request.signal,
      cache: { store, maxAgeMs: 60_000, waitUntil: (work) => ctx.waitUntil(work) },
    });
    try {
      const answer: Response = await view.fetch("https://api.example.com/v1/messages", {
        method: "POST",
        headers: { "x-api-key": env.API_KEY },
        body: await request.text(),
      });
      return new Response(answer.body, answer);
    } catch (error) {
      if (isTidegateError(error, "deadline-exceeded")) return new Response(null, { status: 503 });
      throw error;
    }
  },
} satisfies ExportedHandler<Env>;

export class Counter implements DurableObject {
  readonly #limiter = createLimiter({ limits: { default: { concurrency: 1 } } });
  readonly #simulator: Simulator = createSimulator();

  async fetch(request: Request): Promise<Response> {
    return this.#limiter.schedule(() => this.#simulator.fetch(request));
  }
}
