import { isWebStream } from "./body.js";

/** What only the runtime can set on a Response. */
export interface ResponseOrigin {
  readonly url: string;
  readonly redirected: boolean;
  readonly type: ResponseType;
}

/** The same response with another body. What only the runtime can set on a Response is kept, also by its clones. */
export function withBody(response: Response, body: ReadableStream<Uint8Array>): Response {
  const { status, statusText, headers } = response;
  return withOrigin(new Response(body, { status, statusText, headers }), response);
}

/** Whether a Response of this status may have a body at all. */
export function mayHaveBody(status: number): boolean {
  return status >= 200 && status <= 599 && status !== 204 && status !== 205 && status !== 304;
}

/** Whether its body can be read here and another put in its place. */
export function isReplaceable(response: Response): response is Response & { body: ReadableStream<Uint8Array> } {
  return isWebStream(response.body) && !response.body.locked && mayHaveBody(response.status);
}

/** Says of `copy` where it is from, and of its clones. */
export function withOrigin(copy: Response, origin: ResponseOrigin): Response {
  const { url, redirected, type } = origin;
  return Object.defineProperties(copy, {
    url: { value: url, configurable: true },
    redirected: { value: redirected, configurable: true },
    type: { value: type, configurable: true },
    clone: { value: () => withOrigin(Response.prototype.clone.call(copy), origin), configurable: true },
  });
}
