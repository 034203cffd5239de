/** The same response with another body. What only the runtime can set on a Response is kept, also by its clones. */
export function withBody(response: Response, body: ReadableStream<Uint8Array>): Response {
  const { status, statusText, headers } = response;
  return keepOrigin(new Response(body, { status, statusText, headers }), response);
}

/** Whether a Response of this status may have a body at all. */
export function mayHaveBody(status: number): boolean {
  return status >= 200 && status <= 599 && status !== 204 && status !== 205 && status !== 304;
}

function keepOrigin(copy: Response, origin: Response): Response {
  const { url, redirected, type } = origin;
  return Object.defineProperties(copy, {
    url: { value: url, configurable: true },
    redirected: { value: redirected, configurable: true },
    type: { value: type, configurable: true },
    clone: { value: () => keepOrigin(Response.prototype.clone.call(copy), origin), configurable: true },
  });
}
