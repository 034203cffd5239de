import { BodySource, joined } from "./body.js";
import type { ResolvedCache } from "./cache-hint.js";
import type { Driver } from "./driver.js";
import { isReplaceable, withBody } from "./response.js";

/** When an answer was stored, in milliseconds of unix time: many stores do not obey `cache-control`. */
export const STORED_AT = "x-tidegate-stored-at";

/** The same response, which is put into the store once its body has been read to the end; if ever. */
export function keptAnswer(driver: Driver, cache: ResolvedCache, key: Request, response: Response): Response {
  if (!isReplaceable(response) || !mayBeStored(response, cache)) return response;
  const keep = (chunks: readonly Uint8Array[]) => put(driver, cache, key, response, chunks);
  const body = new KeptBody(new BodySource(response.body), keep);
  const stream = new ReadableStream(body as UnderlyingDefaultSource<Uint8Array>, { highWaterMark: 0 });
  return withBody(response, stream);
}

function mayBeStored({ status, headers }: Response, { maxAgeMs }: ResolvedCache): boolean {
  const control = headers.get("cache-control") ?? "";
  const isForbidden = maxAgeMs === undefined && /\bno-store\b/i.test(control);
  return status === 200 && !isForbidden && !(headers.get("vary") ?? "").includes("*");
}

/** The source under the caller's stream: the same chunks, each fetched when it is asked for, and remembered until the end. */
class KeptBody {
  readonly type: "bytes" | undefined;
  private readonly source: BodySource;
  private readonly keep: (chunks: readonly Uint8Array[]) => void;
  /** Undefined once there is too much of it. */
  private chunks: Uint8Array[] | undefined = [];
  private length = 0;

  constructor(source: BodySource, keep: (chunks: readonly Uint8Array[]) => void) {
    this.type = source.bytes ? "bytes" : undefined;
    this.source = source;
    this.keep = keep;
  }

  async pull(controller: ReadableByteStreamController | ReadableStreamDefaultController<Uint8Array>): Promise<void> {
    let chunk: ReadableStreamReadResult<Uint8Array>;
    try {
      chunk = await this.source.read();
    } catch (error) {
      this.chunks = undefined;
      throw error;
    }
    if (chunk.done) {
      const { chunks } = this;
      this.chunks = undefined;
      controller.close();
      // A reader that brought its own buffer gets it back, empty.
      if ("byobRequest" in controller) controller.byobRequest?.respond(0);
      if (chunks !== undefined) this.keep(chunks);
      return;
    }
    this.remember(chunk.value);
    controller.enqueue(chunk.value as Uint8Array<ArrayBuffer>);
  }

  cancel(reason: unknown): Promise<void> {
    this.chunks = undefined;
    return this.source.cancel(reason);
  }

  /** A copy: a byte stream takes its chunks away, and a reader may write into them. */
  private remember(chunk: unknown): void {
    if (this.chunks === undefined) return;
    if (chunk instanceof Uint8Array) {
      this.length += chunk.length;
      if (this.length <= MAX_BYTES) {
        this.chunks.push(new Uint8Array(chunk));
        return;
      }
    }
    this.chunks = undefined;
  }
}

/** Nobody waits for it, and whatever goes wrong is told by an event. */
function put(
  driver: Driver,
  cache: ResolvedCache,
  key: Request,
  response: Response,
  chunks: readonly Uint8Array[],
): void {
  const failed = (error: unknown) => driver.events.emit({ type: "cache-failed", during: "put", error });
  const length = chunks.reduce((sum, chunk) => sum + chunk.length, 0);
  if (isCut(response, length)) return;
  const bytes = joined(chunks, length);
  if (isFailure(response, bytes)) return;
  const headers = storedHeaders(response.headers, cache, driver.clock.wallNow());
  const work = Promise.resolve()
    .then(async () => void (await cache.store.put(key, new Response(bytes, { headers }))))
    .catch(failed);
  try {
    cache.waitUntil?.(work);
  } catch (error) {
    failed(error);
  }
}

/** Whether less came than was announced: a foreign fetch may not have noticed. */
function isCut({ headers }: Response, length: number): boolean {
  const announced = headers.get("content-length");
  return announced !== null && !headers.has("content-encoding") && Number(announced) !== length;
}

/** Whether a success holds an error: streams begin before their server knows how they end. */
function isFailure({ headers }: Response, bytes: Uint8Array): boolean {
  if (!/json|event-stream/.test(headers.get("content-type") ?? "")) return false;
  return /^(event:\s*error\b|(data:)?\s*\{\s*"(error"\s*:(?!\s*null)|type"\s*:\s*"error"))/m.test(
    new TextDecoder().decode(bytes),
  );
}

function storedHeaders(headers: Headers, { maxAgeMs }: ResolvedCache, wallNow: number): Headers {
  const stored = new Headers();
  headers.forEach((value, name) => {
    if (!OF_THIS_TRANSFER.includes(name) && !OF_THIS_CALLER.test(name)) stored.append(name, value);
  });
  if (maxAgeMs !== undefined) {
    stored.set("cache-control", `max-age=${Math.min(Math.ceil(maxAgeMs / 1000), MAX_AGE_S)}`);
    stored.delete("expires");
  }
  stored.set(STORED_AT, String(wallNow));
  return stored;
}

/**
 * RFC 9110 §7.6.1, and what was true of the bytes before they were decoded. `vary` is about requests that the store never
 * sees: the key holds their headers. `age` was counted by others.
 */
const OF_THIS_TRANSFER: readonly string[] = [
  "age",
  "connection",
  "content-encoding",
  "content-length",
  "keep-alive",
  "proxy-authenticate",
  "proxy-authentication-info",
  "proxy-connection",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
  "vary",
];

/** Credentials, and what was left of a quota at that moment: of no use to whoever finds the answer. */
const OF_THIS_CALLER = /^set-cookie|rate-?limit|^retry-/;

/** Longer answers are not stored, as all of one is in memory until its end. */
const MAX_BYTES = 8 * 1024 * 1024;

/** RFC 9111 §1.2.2: the most that every recipient can hold. */
const MAX_AGE_S = 2 ** 31 - 1;
