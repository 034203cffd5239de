import { OptionError } from "./errors.js";
import { callReporting } from "./uncaught.js";

/**
 * A request named a model that no pattern claims, although some are stated: it runs in the default scope, or where no
 * default is stated in one of its own. Told once per model, for 256 models at most.
 */
export interface UnknownModelEvent {
  readonly type: "unknown-model";
  readonly model: string;
  /** The name of the scope in which it runs. */
  readonly scope: string;
}

/** A limit was learned from the server's headers, or the server's differs from the one in force. */
export interface LimitEvent {
  readonly type: "limit";
  readonly scope: string;
  /** "requests", "input_tokens", "output_tokens", "tokens", "concurrency" or "custom". */
  readonly dimension: string;
  /** How much per period. */
  readonly amount: number;
  /** In milliseconds. */
  readonly periodMs: number;
  /** Whether the limit was unknown before, or another. */
  readonly reason: "learned" | "changed";
}

/** The server did not serve an attempt: it answered with an error, whether or not another attempt follows. */
export interface RefusedEvent {
  readonly type: "refused";
  readonly scope: string;
  /** The HTTP status. */
  readonly status: number;
  /** What it means: too fast, too busy whoever asks, nothing left to spend, broken, or wrong for good. */
  readonly kind: "rate_limit" | "overloaded" | "quota_exhausted" | "server_error" | "client_error";
  /** Milliseconds that the server asked to wait, or null if it did not say. */
  readonly retryAfterMs: number | null;
  /** 1 for the first attempt. */
  readonly attempt: number;
}

/** A call is queued again, after a refusal or a lost connection. */
export interface RetryEvent {
  readonly type: "retry";
  readonly scope: string;
  /** The number of the coming attempt: 2 for the first retry. */
  readonly attempt: number;
  /** Milliseconds that it waits at least. */
  readonly delayMs: number;
}

/**
 * So many calls said that the server is overloaded that fewer are in flight from now on; or it refuses calls because too
 * many are; or that is over.
 */
export interface OverloadEvent {
  readonly type: "overload";
  readonly scope: string;
  /** The most calls in flight from now on, or null for no such limit. It grows with each answer, which is not told. */
  readonly limit: number | null;
}

/** Half of the last starts met an overload: nothing starts for a while, then one call to try. */
export interface BreakerEvent {
  readonly type: "breaker";
  readonly scope: string;
  /** "closed" once a call was served again. */
  readonly state: "open" | "closed";
  /** Milliseconds for which nothing starts, or null if it closed. */
  readonly openForMs: number | null;
}

/** After {@link Limiter.drain}, nothing waits and nothing is in flight any more. Told once. */
export interface DrainedEvent {
  readonly type: "drained";
}

/** A store of answers failed or took too long. The call went on without it. */
export interface CacheFailedEvent {
  readonly type: "cache-failed";
  /** While an answer was looked for, or put there. */
  readonly during: "match" | "put";
  /** What the store threw. */
  readonly error: unknown;
}

/** Whatever {@link Limiter.on} tells. */
export type TidegateEvent =
  | UnknownModelEvent
  | LimitEvent
  | RefusedEvent
  | RetryEvent
  | OverloadEvent
  | BreakerEvent
  | CacheFailedEvent
  | DrainedEvent;
/** The names of the events. */
export type EventType = TidegateEvent["type"];
/** The event of one type. */
export type EventOf<T extends EventType> = Extract<TidegateEvent, { type: T }>;
/** Is called with each event of its type. What it throws is reported as uncaught, and harms nobody else. */
export type Listener<T extends EventType> = (event: EventOf<T>) => void;

/** Keeps listeners and calls them. A listener that throws harms nobody but itself. */
export class Emitter {
  private readonly listeners: Record<EventType, readonly Listener<never>[]> = {
    "unknown-model": [],
    limit: [],
    refused: [],
    retry: [],
    overload: [],
    breaker: [],
    "cache-failed": [],
    drained: [],
  };

  /** @throws {OptionError} for a type that does not exist. */
  on<T extends EventType>(type: T, listener: Listener<T>): () => void {
    if (!Object.hasOwn(this.listeners, type)) {
      throw new OptionError("type", type, `Use one of ${Object.keys(this.listeners).join(", ")}.`);
    }
    if (typeof listener !== "function") {
      throw new OptionError("listener", listener, "Use a function.");
    }
    // Wrapped, so that the same function can listen twice and each `off` removes its own.
    const own: Listener<never> = (event) => listener(event);
    this.listeners[type] = [...this.listeners[type], own];
    return () => {
      this.listeners[type] = this.listeners[type].filter((other) => other !== own);
    };
  }

  /** Runs over the listeners as they are now, whatever they add or remove meanwhile. */
  emit(event: TidegateEvent): void {
    for (const listener of this.listeners[event.type] ?? []) callReporting(() => listener(event as never));
  }
}
