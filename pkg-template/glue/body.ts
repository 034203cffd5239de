import type { Clock } from "./clock.js";

type Chunk = ReadableStreamReadResult<Uint8Array>;

/** The body of a server's response, read chunk by chunk. Its beginning can be looked at without being used up. */
export class BodySource {
  /** Whether it is a byte stream, whose readers may bring their own buffer. */
  readonly bytes: boolean;
  private readonly reader: ReadableStreamDefaultReader<Uint8Array>;
  private readonly peeked: Uint8Array[] = [];
  /** A read that was begun by {@link peek} and not used up: still under way, or the end, or a failure. */
  private pending: Promise<Chunk> | undefined;

  /** Locks the stream. */
  constructor(body: ReadableStream<Uint8Array>) {
    this.bytes = isByteStream(body);
    this.reader = body.getReader();
  }

  /** The first `limit` bytes, or fewer when the body ends, fails or takes too long. Never rejects. */
  async peek(limit: number, clock: Clock): Promise<Uint8Array> {
    let timer: unknown;
    const enough = new Promise<undefined>((resolve) => {
      timer = clock.setTimer(() => resolve(undefined), MAX_PEEK_MS);
    });
    let length = 0;
    while (length < limit) {
      this.pending = this.reader.read();
      const chunk = await Promise.race([this.pending, enough]).catch(ignore);
      if (chunk === undefined || chunk.done || !(chunk.value instanceof Uint8Array)) break;
      this.pending = undefined;
      this.peeked.push(chunk.value);
      length += chunk.value.byteLength;
    }
    clock.clearTimer(timer);
    return joined(this.peeked, Math.min(length, limit));
  }

  read(): Promise<Chunk> {
    const value = this.peeked.shift();
    if (value !== undefined) return Promise.resolve({ done: false, value });
    const { pending } = this;
    this.pending = undefined;
    return pending ?? this.reader.read();
  }

  cancel(reason?: unknown): Promise<void> {
    this.peeked.length = 0;
    return this.reader.cancel(reason);
  }
}

/** Whether it is a web stream, which the responses of a foreign fetch may not have. */
export function isWebStream(body: unknown): body is ReadableStream<Uint8Array> {
  return typeof (body as ReadableStream | null)?.getReader === "function";
}

/** Lets go of an unread body, so that its connection does not stay busy. */
export function discard(response: Response): void {
  const { body } = response;
  if (isWebStream(body) && !body.locked) body.cancel().catch(ignore);
}

/** Does nothing: for failures of what nobody waits for any more. */
export function ignore(): undefined {}

function isByteStream(body: ReadableStream): boolean {
  try {
    body.getReader({ mode: "byob" }).releaseLock();
    return true;
  } catch {
    return false;
  }
}

/** The first `length` bytes of the chunks, in one. */
export function joined(chunks: readonly Uint8Array[], length: number): Uint8Array<ArrayBuffer> {
  const all = new Uint8Array(length);
  let offset = 0;
  for (const chunk of chunks) {
    const part = chunk.subarray(0, length - offset);
    all.set(part, offset);
    offset += part.byteLength;
  }
  return all;
}

/** How long the beginning of a body is waited for: the body of a refusal is short and comes with its headers. */
const MAX_PEEK_MS = 2000;
