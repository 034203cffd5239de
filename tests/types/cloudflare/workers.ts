// With Cloudflare's own types, as a Worker's project has them.
import { type ObjectOptions, LimiterObject, sharedLimiter, type SharedLimiter, type SharedPermit, UnreachableError } from "tidegate/cloudflare";
import { isTidegateError, type Snapshot } from "tidegate";

interface Env {
  readonly LIMIT: DurableObjectNamespace<ApiLimit>;
  readonly UNTYPED: DurableObjectNamespace;
  readonly RPM: string;
}

export class ApiLimit extends LimiterObject<Env> {
  override readonly options: ObjectOptions = { limits: { default: { rpm: Number(this.env.RPM) } }, leaseMs: 30_000 };

  override onEvent(event: { readonly type: string }): void {
    console.log(event.type);
  }
}

export default {
  async fetch(request: Request, env: Env, ctx: ExecutionContext): Promise<Response> {
    const limiter: SharedLimiter = sharedLimiter(env.LIMIT, { ctx, name: "claude" });
    const stub: SharedLimiter = sharedLimiter(env.UNTYPED.getByName("openai"));
    const europe: SharedLimiter = sharedLimiter(env.LIMIT.jurisdiction("eu"));
    await using permit: SharedPermit = await limiter.acquire({ custom: 2 }, { model: "a", deadlineMs: 5, signal: request.signal });
    await permit.settle(1);
    const snapshot: Snapshot = await europe.snapshot();
    const { waitMs }: { waitMs: number | undefined } = await stub.estimate();
    const done: number = await limiter.with({ priority: "high", tenant: "t" }).schedule(() => snapshot.waiting, { priority: 3 });
    try {
      const response: Response = await limiter.fetch("https://api.example.com", { method: "POST", body: String(done) });
      return new Response(response.body, response);
    } catch (error) {
      if (isTidegateError(error, "limiter-unreachable")) return new Response(error.message + waitMs);
      if (error instanceof UnreachableError) return new Response(error.code);
      throw error;
    }
  },
} satisfies ExportedHandler<Env>;

// @ts-expect-error: a shared limiter has no cache.
sharedLimiter({} as DurableObjectNamespace).with({ cache: false });
