import type { Clock } from "../glue/clock.js";
import { UnreachableError } from "./errors.js";
import { type Answer, MESSAGE_URL, type Message, POLL_MS, sealed } from "./protocol.js";
import type { ObjectNamespace, ObjectStub } from "./runtime.js";

/** Who is asked for turns. */
export interface Target {
  readonly object: ObjectNamespace | ObjectStub;
  /** Which object of the namespace. */
  readonly name: string;
  readonly clock: Clock;
}

/**
 * The way of one call to the object. Messages of one stub arrive in the order in which they are sent, so the stub is kept
 * while it works. One that failed may be broken for good (Durable Objects' error handling, read 2026-11-27): the next
 * message goes through another.
 */
export class Link {
  private readonly target: Target;
  private stub: ObjectStub | undefined;
  /** When the answer to the last message began. */
  private heardAt = Infinity;

  constructor(target: Target) {
    this.target = target;
  }

  /**
   * Says a message, again when it is not known whether it was heard. Rejects with an {@link UnreachableError}, or with the
   * reason of the signal.
   */
  async ask(message: Message, bytes?: string | Uint8Array, signal?: AbortSignal): Promise<Answer> {
    const body = sealed(message, bytes);
    const { clock } = this.target;
    let failure: unknown;
    for (let tries = 0; ; tries += 1) {
      this.heardAt = Infinity;
      try {
        return await this.once(body, signal);
      } catch (error) {
        signal?.throwIfAborted();
        failure = error;
        this.stub = undefined;
      }
      // The object was there: it is its end that is the first failure.
      if (clock.now() - this.heardAt >= HELD_MS) tries = 0;
      const pauseMs = PAUSES_MS[tries];
      // Who has too much to do is not asked again (read there, too).
      if (pauseMs === undefined || (failure as { overloaded?: unknown } | null)?.overloaded === true) break;
      await this.pause(pauseMs, signal);
    }
    throw new UnreachableError("The Durable Object of the limiter does not answer.", { cause: failure });
  }

  private async once(body: string | Uint8Array, signal: AbortSignal | undefined): Promise<Answer> {
    const { clock } = this.target;
    this.stub ??= stubOf(this.target);
    const attempt = new AbortController();
    const stub = this.stub;
    return new Promise((resolve, reject) => {
      const stop = (reason: unknown) => {
        attempt.abort(reason);
        reject(reason);
      };
      const abort = () => stop(signal?.reason);
      const timer = clock.setTimer(() => stop(new Error("the object is silent")), SILENT_MS);
      signal?.addEventListener("abort", abort);
      const end = () => {
        clock.clearTimer(timer);
        signal?.removeEventListener("abort", abort);
      };
      this.said(stub, body, attempt.signal).then(resolve, reject).finally(end);
    });
  }

  private async said(stub: ObjectStub, body: string | Uint8Array, signal: AbortSignal): Promise<Answer> {
    const response = await stub.fetch(MESSAGE_URL, { method: "POST", body, signal });
    this.heardAt = this.target.clock.now();
    if (response.status === 200) return (await response.json()) as Answer;
    await response.body?.cancel();
    throw new Error(`the object answered with status ${response.status}`);
  }

  private pause(pauseMs: number, signal: AbortSignal | undefined): Promise<void> {
    const { clock } = this.target;
    return new Promise((resolve, reject) => {
      const end = (settle: () => void) => {
        clock.clearTimer(timer);
        signal?.removeEventListener("abort", abort);
        settle();
      };
      const abort = () => end(() => reject(signal?.reason));
      const timer = clock.setTimer(() => end(resolve), pauseMs);
      signal?.addEventListener("abort", abort);
    });
  }
}

function stubOf({ object, name }: Target): ObjectStub {
  return "idFromName" in object ? object.get(object.idFromName(name)) : object;
}

/**
 * Before each next try, in milliseconds, some seven seconds in all: as long as an object takes to be elsewhere after its host
 * is gone. The runtime itself has tried before, for up to ten seconds where nothing was heard (read 2026-11-27).
 */
const PAUSES_MS = [20, 200, 1_000, 2_000, 4_000];

/**
 * After this long, in milliseconds, the end of a connection says nothing of whether the object can be reached. One that fails
 * whenever it is asked does so sooner.
 */
const HELD_MS = 100;

/** An answer comes within {@link POLL_MS}, and some on its way. */
const SILENT_MS: number = POLL_MS + 10_000;
