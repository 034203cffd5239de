// A gateway: whoever points a client here shares one limit with everybody else who does.
import { isTidegateError } from "tidegate";
import { LimiterObject, type ObjectNamespace, type ObjectOptions, sharedLimiter } from "tidegate/cloudflare";

interface Env {
  readonly API_LIMIT: ObjectNamespace;
  readonly UPSTREAM: string;
  readonly API_KEY: string;
  readonly CLIENT_KEYS: string;
  readonly REQUESTS: string;
  readonly INPUT_TOKENS: string;
  readonly OUTPUT_TOKENS: string;
}

/** The one queue of all clients. It lives where the first of them was, and survives its eviction. */
export class ApiLimit extends LimiterObject<Env> {
  override readonly options: ObjectOptions = {
    limits: {
      default: {
        rpm: Number(this.env.REQUESTS),
        itpm: Number(this.env.INPUT_TOKENS),
        otpm: Number(this.env.OUTPUT_TOKENS),
      },
    },
    // Longer than this no client waits anyway.
    queue: { maxWaitMs: 600_000 },
  };
}

export default {
  async fetch(request: Request, env: Env, ctx: { waitUntil(promise: Promise<unknown>): void }): Promise<Response> {
    const client = clientOf(request.headers, env.CLIENT_KEYS);
    if (client === undefined) return refusal(401, "authentication_error", "This key is not known here.");
    const limiter = sharedLimiter(env.API_LIMIT, { ctx });
    // The body is read, as one that is a stream could neither be estimated nor sent again.
    const body = request.body === null ? null : await request.text();
    const { pathname, search } = new URL(request.url);
    try {
      // How urgent a call is it says in `x-tidegate-priority`. Clients that wait share what there is in equal parts.
      return await limiter.with({ tenant: client }).fetch(env.UPSTREAM + pathname + search, {
        method: request.method,
        headers: upstreamHeaders(request.headers, env.API_KEY),
        body,
        signal: request.signal,
      });
    } catch (error) {
      if (isTidegateError(error, "invalid-option")) return refusal(400, "invalid_request_error", error.message);
      if (isTidegateError(error, "insufficient-capacity")) return refusal(413, "request_too_large", error.message);
      if (isTidegateError(error)) return refusal(529, "overloaded_error", error.message);
      return refusal(502, "api_error", "The provider cannot be reached.");
    }
  },
};

/** Who asks: the position of its key among those that are known, which is no secret. */
function clientOf(headers: Headers, keys: string): string | undefined {
  const key = headers.get("x-api-key") ?? headers.get("authorization")?.replace(/^Bearer /i, "");
  const position = keys.split(",").findIndex((known) => known.trim() !== "" && known.trim() === key);
  return position < 0 ? undefined : `client-${position + 1}`;
}

function upstreamHeaders(given: Headers, key: string): Headers {
  const headers = new Headers(given);
  for (const name of [...headers.keys()]) {
    // Of the hints, those by which a client could take more than its share are not for it to give.
    const isHint = name.startsWith("x-tidegate-") && !CLIENT_HINTS.includes(name);
    if (isHint || /^(cf-|x-forwarded-|x-real-ip$|host$)/.test(name)) headers.delete(name);
  }
  if (headers.has("authorization")) headers.set("authorization", `Bearer ${key}`);
  else headers.set("x-api-key", key);
  return headers;
}

const CLIENT_HINTS = ["x-tidegate-priority", "x-tidegate-deadline-ms"];

/** In the form of Claude's errors, which its clients understand. */
function refusal(status: number, type: string, message: string): Response {
  return Response.json({ type: "error", error: { type, message } }, { status });
}
