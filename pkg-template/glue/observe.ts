import type { AbortHandler, AbortWatch } from "./abort.js";
import { BodySource, ignore } from "./body.js";
import { isReplaceable, withBody } from "./response.js";

/** Is told of the bodies of its tickets, and never throws: a body goes on whatever happens there. */
export interface BodyListener {
  chunk(ticket: number, bytes: Uint8Array): void;
  finish(ticket: number, complete: boolean): void;
}

/**
 * What is told of one body: every chunk to the listener, and its end, once, to the listener and to the caller's signal.
 * Knows nothing of the stream, so that it can outlive it.
 */
export class BodyTap {
  readonly watch: AbortWatch | undefined;
  private readonly listener: BodyListener;
  private readonly ticket: number | undefined;
  private ended = false;

  /** @param ticket undefined when the listener has no interest in this body. */
  constructor(listener: BodyListener, ticket: number | undefined, watch: AbortWatch | undefined) {
    this.listener = listener;
    this.ticket = ticket;
    this.watch = watch;
  }

  chunk(bytes: Uint8Array): void {
    if (this.ticket !== undefined && !this.ended) this.listener.chunk(this.ticket, bytes);
  }

  finish(complete: boolean): void {
    if (this.ended) return;
    this.ended = true;
    abandoned?.unregister(this);
    this.watch?.stop();
    if (this.ticket !== undefined) this.listener.finish(this.ticket, complete);
  }
}

/** The same response for a caller whose signals end its body too. */
export function watchedResponse(listener: BodyListener, response: Response, watch: AbortWatch | undefined): Response {
  if (watch === undefined) return response;
  if (!isReplaceable(response)) {
    watch.stop();
    return response;
  }
  const tap = new BodyTap(listener, undefined, watch);
  return withBody(response, observedStream(new BodySource(response.body), tap, undefined));
}

/**
 * The stream that the caller reads in place of the server's: the same chunks, each fetched when it is asked for.
 * An abort also reaches whoever sent the request, through `attempt`, where that has a signal of its own.
 */
export function observedStream(
  source: BodySource,
  tap: BodyTap,
  attempt: AbortController | undefined,
): ReadableStream<Uint8Array> {
  const body = new ObservedBody(source, tap, attempt);
  abandoned?.register(body, tap, tap);
  tap.watch?.redirect(weakly(body));
  return new ReadableStream(body as UnderlyingDefaultSource<Uint8Array>, { highWaterMark: 0 });
}

type Controller = ReadableByteStreamController | ReadableStreamDefaultController<Uint8Array>;

/** The source under the caller's stream. A byte stream only if the server's is one: such a stream takes its chunks away from whoever made them. */
class ObservedBody implements AbortHandler {
  readonly type: "bytes" | undefined;
  private readonly source: BodySource;
  private readonly tap: BodyTap;
  private readonly attempt: AbortController | undefined;
  private controller: Controller | undefined;
  private over = false;

  constructor(source: BodySource, tap: BodyTap, attempt: AbortController | undefined) {
    this.type = source.bytes ? "bytes" : undefined;
    this.source = source;
    this.tap = tap;
    this.attempt = attempt;
  }

  start(controller: Controller): void {
    this.controller = controller;
  }

  async pull(controller: Controller): Promise<void> {
    let chunk: ReadableStreamReadResult<Uint8Array>;
    try {
      chunk = await this.source.read();
    } catch (error) {
      this.end(false);
      throw error;
    }
    if (this.over) return;
    if (chunk.done) {
      this.end(true);
      controller.close();
      // A reader that brought its own buffer gets it back, empty.
      if ("byobRequest" in controller) controller.byobRequest?.respond(0);
      return;
    }
    // Before it is handed on, as a byte stream then takes the bytes away.
    if (chunk.value instanceof Uint8Array) this.tap.chunk(chunk.value);
    controller.enqueue(chunk.value as Uint8Array<ArrayBuffer>);
  }

  cancel(reason: unknown): Promise<void> {
    this.end(false);
    return this.source.cancel(reason);
  }

  /** By the caller's signal: whoever reads fails at once with its reason. */
  abort(reason: unknown): void {
    if (this.over) return;
    this.end(false);
    this.controller?.error(reason);
    this.source.cancel(reason).catch(ignore);
    this.attempt?.abort(reason);
  }

  private end(complete: boolean): void {
    this.over = true;
    this.tap.finish(complete);
  }
}

/** A body that nobody holds any more was dropped unread: its ticket ends with it. */
const abandoned: FinalizationRegistry<BodyTap> | undefined =
  typeof FinalizationRegistry === "undefined"
    ? undefined
    : new FinalizationRegistry((tap) => tap.finish(false));

/** A signal may live for ever, so what it holds must not keep the body alive. */
function weakly(body: ObservedBody): AbortHandler {
  if (typeof WeakRef === "undefined") return body;
  const weak = new WeakRef(body);
  return { abort: (reason) => weak.deref()?.abort(reason) };
}
