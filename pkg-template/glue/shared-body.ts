import type { BodySource } from "./body.js";

/** A chunk of a body, and what came after it. Who has read it lets go of it, and when all have, it is forgotten. */
interface Link {
  readonly chunk: Uint8Array | undefined;
  next: Link | undefined;
}

/**
 * One body for several readers, each at its own pace: it is read when the fastest asks for more, and what came is kept
 * until the slowest has had it. Nobody waits for anybody else.
 */
export class SharedBody {
  private readonly source: BodySource;
  /** Readers that have not gone. */
  private readers: number;
  private last: Link = { chunk: undefined, next: undefined };
  private reading: Promise<void> | undefined;
  private ended = false;

  constructor(source: BodySource, readers: number) {
    this.source = source;
    this.readers = readers;
  }

  /** For one of the readers. All are made before any is read. */
  stream(): ReadableStream<Uint8Array> {
    const reader = new OneReader(this, this.last, this.source.bytes);
    return new ReadableStream(reader as UnderlyingDefaultSource<Uint8Array>, { highWaterMark: 0 });
  }

  /** @internal What follows `link`, undefined for the end; rejects as the body fails. */
  async after(link: Link): Promise<Link | undefined> {
    while (link.next === undefined && !this.ended) {
      this.reading ??= this.readOn();
      await this.reading;
    }
    return link.next;
  }

  /** @internal A reader has gone. The last one takes the body with it. */
  async leave(reason: unknown): Promise<void> {
    this.readers -= 1;
    if (this.readers === 0) await this.source.cancel(reason);
  }

  private async readOn(): Promise<void> {
    // A failure stays: it is what everybody comes to who asks for more.
    const { done, value } = await this.source.read();
    this.reading = undefined;
    if (done) {
      this.ended = true;
      return;
    }
    const link: Link = { chunk: value, next: undefined };
    this.last.next = link;
    this.last = link;
  }
}

/** The source under one reader's stream. */
class OneReader {
  readonly type: "bytes" | undefined;
  private readonly body: SharedBody;
  private at: Link;
  private gone = false;

  constructor(body: SharedBody, at: Link, bytes: boolean) {
    this.type = bytes ? "bytes" : undefined;
    this.body = body;
    this.at = at;
  }

  async pull(controller: ReadableByteStreamController | ReadableStreamDefaultController<Uint8Array>): Promise<void> {
    const link = await this.body.after(this.at);
    if (this.gone) return;
    if (link === undefined) {
      controller.close();
      // A reader that brought its own buffer gets it back, empty.
      if ("byobRequest" in controller) controller.byobRequest?.respond(0);
      return;
    }
    this.at = link;
    // A copy, as a reader may write into its bytes or give them away.
    const { chunk } = link;
    controller.enqueue((chunk instanceof Uint8Array ? new Uint8Array(chunk) : chunk) as Uint8Array<ArrayBuffer>);
  }

  cancel(reason: unknown): Promise<void> {
    this.gone = true;
    return this.body.leave(reason);
  }
}
