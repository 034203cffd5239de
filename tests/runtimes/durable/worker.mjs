// What runs in workerd: an object as users write it, with a door for tests, and Workers that call through it.
import { LimiterObject, sharedLimiter } from "tidegate/cloudflare";

export class ApiLimit extends LimiterObject {
  options = JSON.parse(this.env.OPTIONS);

  async fetch(request) {
    const { pathname } = new URL(request.url);
    switch (pathname) {
      case "/test/abort":
        this.ctx.abort("as when a host is lost");
        break;
      case "/test/alarm":
        return Response.json(await this.ctx.storage.getAlarm());
      case "/test/storage":
        return Response.json([...(await this.ctx.storage.list())]);
      default:
        return super.fetch(request);
    }
  }
}

export default {
  async fetch(request, env, ctx) {
    const limiter = sharedLimiter(env.LIMIT, { ctx, name: request.headers.get("x-test-object") ?? "default" });
    const { pathname, searchParams } = new URL(request.url);
    try {
      switch (pathname) {
        case "/snapshot":
          return Response.json(await limiter.snapshot());
        case "/estimate":
          return Response.json(await limiter.estimate(Number(searchParams.get("cost"))));
        case "/many":
          return Response.json(await many(env, limiter, await request.json()));
        case "/hold":
          return Response.json(await hold(limiter, searchParams));
        case "/leave":
          // The permit is never ended: as of a Worker that died.
          await sharedLimiter(env.LIMIT).acquire();
          return new Response("left");
        default:
          return await forwarded(request, env, limiter);
      }
    } catch (error) {
      const { name, code, message, ...fields } = error;
      return Response.json({ name, code, message, fields, own: { ...error } }, { status: 599 });
    }
  },
};

/** As a gateway: the request goes on as it came, and the answer comes back as a stream. */
async function forwarded(request, env, limiter) {
  const { pathname } = new URL(request.url);
  const headers = new Headers(request.headers);
  headers.delete("host");
  const body = request.body === null ? undefined : await request.text();
  return limiter.fetch(env.UPSTREAM + pathname, { method: request.method, headers, body, signal: request.signal });
}

/** Several calls at once in one invocation. */
async function many(env, limiter, calls) {
  const call = async ({ headers, body }) => {
    const began = Date.now();
    const response = await limiter.fetch(`${env.UPSTREAM}/v1/messages`, { method: "POST", headers, body: JSON.stringify(body) });
    const text = await response.text();
    return { status: response.status, length: text.length, ms: Date.now() - began };
  };
  return Promise.all(calls.map(call));
}

async function hold(limiter, params) {
  const hints = { priority: Number(params.get("priority") ?? 0) };
  if (params.has("deadline")) hints.deadlineMs = Number(params.get("deadline"));
  const permit = await limiter.acquire(Number(params.get("cost") ?? 1), hints);
  const startedAt = Date.now();
  await new Promise((resolve) => setTimeout(resolve, Number(params.get("ms") ?? 0)));
  const endedAt = Date.now();
  await permit.settle({});
  return { startedAt, endedAt };
}
