import { OptionError, TidegateError } from "../glue/errors.js";
import type { TidegateEvent } from "../glue/events.js";
import { checkedMessage } from "./checked.js";
import { packed } from "./errors.js";
import { type ObjectOptions, splitOptions } from "./options.js";
import { type Answer, type Envelope, MAX_MESSAGE_BYTES, opened } from "./protocol.js";
import type { ObjectState } from "./runtime.js";
import { Turns } from "./turns.js";

/**
 * A limiter that a whole deployment of Workers shares: a Durable Object to extend, export and bind.
 *
 * ```ts
 * export class ApiLimit extends LimiterObject {
 *   override readonly options = { limits: { "claude-sonnet-*": { rpm: 1000, itpm: 2_000_000, otpm: 400_000 } } };
 * }
 * ```
 *
 * Workers reach it with {@link sharedLimiter}, and send their requests themselves: the object only gives the turns. Every
 * name in a namespace is a limiter of its own, so use one name for each pool of quota.
 *
 * What is in flight and what the limits hold is in its storage before anybody is told of it, so it may be evicted, moved
 * or deployed anew at any moment. What waits asks again by itself, with the age it has. When nothing waits, no timer and
 * no connection keeps it in memory; while calls are in flight, one alarm is set.
 *
 * One object answers some 1,000 messages a second (Durable Objects' limits, read 2026-11-27), and a call takes three, one
 * more for every 20 seconds that it waits, and one for every half `leaseMs` that it is in flight.
 */
export class LimiterObject<Env = unknown> {
  /** For the types of Cloudflare, which know an object by it; there is no such member. */
  declare readonly __DURABLE_OBJECT_BRAND: never;
  /**
   * What this limiter obeys. It may use `this.env`. It is read once in the life of an object.
   * @default nothing: limits are learned from the server's headers
   */
  readonly options: ObjectOptions = {};
  protected readonly ctx: ObjectState;
  protected readonly env: Env;
  #turns: Turns | undefined;
  /** What is wrong with the options: every call is told. */
  #fault: TidegateError | undefined;

  constructor(ctx: ObjectState, env: Env) {
    this.ctx = ctx;
    this.env = env;
    // By the time that the storage has answered, the fields of the class that extends this one are there.
    void ctx.blockConcurrencyWhile(() => this.#open());
  }

  /**
   * Told of every event of the limiter, as the listeners of {@link Limiter.on} are: keep it short.
   * @default nobody is told
   */
  onEvent(_event: TidegateEvent): void {}

  /** @internal */
  async fetch(request: Request): Promise<Response> {
    try {
      const { message, bytes } = await received(request);
      const checked = checkedMessage(message);
      const turns = await this.#running();
      if (checked.type !== "request" && checked.type !== "permit" && checked.type !== "wait") {
        return answered(await turns.answer(checked, bytes));
      }
      const { answer, gone } = turns.wait(checked, bytes);
      return new Response(later(answer, gone), { headers: JSON_TYPE });
    } catch (error) {
      if (error instanceof TidegateError) return answered({ state: "refused", error: packed(error) });
      throw error;
    }
  }

  /** @internal */
  async alarm(): Promise<void> {
    const turns = await this.#running();
    await turns.alarm();
  }

  async #open(): Promise<void> {
    // Else the first wait for the storage might be over before the fields are there, where it has nothing to wait for.
    await undefined;
    try {
      this.#turns = await Turns.open(splitOptions(this.options), this.ctx.storage, (event) => this.onEvent(event));
    } catch (error) {
      if (!(error instanceof TidegateError)) throw error;
      this.#fault = error;
    }
  }

  /** A core that has failed is not called again: the next one goes on from what was stored. */
  async #running(): Promise<Turns> {
    if (this.#turns?.fault !== undefined) await this.ctx.blockConcurrencyWhile(() => this.#open());
    if (this.#fault !== undefined) throw this.#fault;
    return this.#turns as Turns;
  }
}

async function received(request: Request): Promise<Envelope> {
  // The sender is a Worker of the same account, and says how much it sends.
  if (Number(request.headers.get("content-length")) > MAX_MESSAGE_BYTES) throw new OptionError("message", undefined, TOO_LONG);
  const content = await request.arrayBuffer();
  if (content.byteLength > MAX_MESSAGE_BYTES) throw new OptionError("message", undefined, TOO_LONG);
  try {
    return opened(content);
  } catch {
    throw new OptionError("message", undefined, "Talk to the object through sharedLimiter.");
  }
}

function answered(answer: Answer): Response {
  return new Response(JSON.stringify(answer), { headers: JSON_TYPE });
}

/**
 * A body that comes when the answer is there. The headers go at once: of the connections of one Worker, only those that
 * wait for headers are limited, to six (Workers' limits, read 2026-11-27); and who leaves is noticed.
 */
function later(answer: Promise<Answer>, gone: () => void): ReadableStream<Uint8Array> {
  return new ReadableStream({
    start(controller) {
      const write = (text: string) => {
        controller.enqueue(new TextEncoder().encode(text));
        controller.close();
      };
      answer.then((told) => write(JSON.stringify(told))).catch((error) => controller.error(error));
    },
    cancel: gone,
  });
}

const JSON_TYPE = { "content-type": "application/json" };
const TOO_LONG = `Send at most ${MAX_MESSAGE_BYTES} bytes.`;
