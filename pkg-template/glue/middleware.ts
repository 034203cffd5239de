import type { Driver } from "./driver.js";
import { createFetch } from "./fetch.js";
import type { ResolvedHints } from "./hints.js";

/** A request as the SDK's middleware sees it: what `fetch` takes, in one object. */
export interface MiddlewareRequest extends RequestInit {
  url: string;
  headers: Headers;
}

/** What Anthropic's SDK takes in its option `middleware`: it sends by `next`, as often as it likes. */
export type Middleware = <R extends MiddlewareRequest>(
  request: R,
  next: (request: R) => Promise<Response>,
) => Promise<Response>;

/** The middleware of a limiter or view: its fetch, where each attempt is one `next`. */
export function createMiddleware(driver: Driver, hints: ResolvedHints): Middleware {
  return (request, next) => {
    const { url, ...init }: MiddlewareRequest = request;
    // Signing and other preparations change the headers they are given: each attempt has its own.
    const send = (input: string | URL | Request, sent?: RequestInit) =>
      next({ ...request, ...sent, headers: new Headers(sent?.headers), url: String(input) });
    return createFetch(driver, send, hints)(url, init);
  };
}
