import { ignore, isWebStream } from "../glue/body.js";
import { mayHaveBody } from "../glue/response.js";
import { type AwsResponse, isResponse, webHeaders } from "./aws-types.js";

/** A stream of Node, as far as it is needed. */
interface NodeStream extends AsyncIterable<Uint8Array> {
  on(event: "error", listener: () => void): unknown;
  pipe(destination: never): unknown;
  destroy(): unknown;
}

/** The answer as the limiter reads it. Of its body nothing is read before somebody asks for it. */
export function shownOf({ statusCode: status, headers, body }: AwsResponse): Response {
  return new Response(mayHaveBody(status) ? webBody(body) : null, { status, headers: webHeaders(headers) });
}

/** The answer as the SDK reads it, where no handler made one. */
export function responseOf({ status, statusText, headers, body }: Response): AwsResponse {
  return { statusCode: status, reason: statusText, headers: Object.fromEntries(headers), body: body ?? undefined };
}

/** An answer of which the SDK has read the body already. */
export function readAlready(response: unknown): Response {
  if (!isResponse(response)) return new Response();
  return new Response(null, { status: response.statusCode, headers: webHeaders(response.headers) });
}

/** A body for the SDK, and how to end it whoever reads it. */
export interface LeavableBody {
  readonly body: unknown;
  leave(): void;
}

/** The observed body in the form that the handler's body had. */
export function likeBody(original: unknown, observed: ReadableStream<Uint8Array> | null): LeavableBody {
  if (observed === null) return { body: original, leave: ignore };
  const stream = isNodeStream(original) ? nodeStreams()?.Readable.fromWeb(observed) : undefined;
  return stream === undefined ? leavable(observed) : { body: stream, leave: () => void stream.destroy() };
}

/** The same stream, which can be cancelled while somebody else has its reader. */
function leavable(observed: ReadableStream<Uint8Array>): LeavableBody {
  const reader = observed.getReader();
  const source: UnderlyingDefaultSource<Uint8Array> = {
    async pull(controller) {
      const chunk = await reader.read();
      if (chunk.done) controller.close();
      else controller.enqueue(chunk.value);
    },
    cancel: (reason) => reader.cancel(reason),
  };
  const leave = (): void => void reader.cancel().catch(ignore);
  return { body: new ReadableStream(source, { highWaterMark: 0 }), leave };
}

function webBody(body: unknown): ReadableStream<Uint8Array> | null {
  if (isWebStream(body)) return body;
  if (isNodeStream(body)) return ofNode(body);
  if (typeof (body as Blob | undefined)?.stream === "function") return (body as Blob).stream();
  return new Response(body as BodyInit | null | undefined).body;
}

/** Chunk by chunk, as they are asked for. */
function ofNode(stream: NodeStream): ReadableStream<Uint8Array> {
  // Whoever reads is told; until somebody does, an error without a listener would end the process.
  stream.on("error", ignore);
  let chunks: AsyncIterator<Uint8Array> | undefined;
  const source: UnderlyingDefaultSource<Uint8Array> = {
    async pull(controller) {
      chunks ??= stream[Symbol.asyncIterator]();
      const chunk = await chunks.next();
      if (chunk.done) controller.close();
      else controller.enqueue(chunk.value);
    },
    cancel: () => void stream.destroy(),
  };
  return new ReadableStream(source, { highWaterMark: 0 });
}

export function isNodeStream(body: unknown): body is NodeStream {
  return typeof (body as NodeStream | undefined)?.pipe === "function";
}

interface NodeStreams {
  readonly Readable: { fromWeb(stream: ReadableStream<Uint8Array>): { destroy(): unknown } };
}

/** Where there are streams of Node, they can be asked for without an import that other runtimes lack. */
function nodeStreams(): NodeStreams | undefined {
  const { process } = globalThis as { process?: { getBuiltinModule?(name: string): NodeStreams } };
  return process?.getBuiltinModule?.("node:stream");
}
