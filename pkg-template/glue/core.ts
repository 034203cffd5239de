import type { Driver } from "./driver.js";
import { CoreError } from "./errors.js";
import type { TidegateEvent } from "./events.js";
import type { Saved } from "./saved.js";
import type { Snapshot } from "./snapshot.js";

/**
 * The WebAssembly class as the glue sees it: numbers and short strings, no promises, no clocks.
 *
 * Every `now` is in milliseconds of {@link Clock.now}, every `wallNow` in milliseconds since 1970.
 * A ticket stands for one call from its submission to its end; `ticket >>> 8` is a small index that is used again later.
 */
export interface CoreLimiter {
  /** The scope of a model name; 0 is the default one. */
  scope(model: string): number;
  /** Grants at once or not at all: a ticket, {@link MUST_WAIT} or {@link REFUSED}. */
  acquireNow(
    now: number,
    scope: number,
    requests: number,
    inputTokens: number,
    outputTokens: number,
    custom: number,
    priority: number,
  ): number;
  /**
   * Queues: a ticket that will come out of {@link poll}, or {@link REFUSED}. `priority` is −100 to 100, `deadlineMs` the
   * longest wait, `Infinity` for none, `tenant` undefined for the one of all who name none.
   */
  submit(
    now: number,
    scope: number,
    requests: number,
    inputTokens: number,
    outputTokens: number,
    custom: number,
    priority: number,
    deadlineMs: number,
    tenant: string | undefined,
  ): number;
  /**
   * The same for an HTTP request, whose provider, model and cost the core reads, but for what is stated of it: each
   * dimension, or -1. `headers` holds `name: value` lines. It may also be {@link COUNT_FIRST}.
   *
   * @param askedAt the `now` of the first time, NaN at that first time.
   * @param counted what {@link handleCount} said, or -1.
   */
  submitRequest(
    now: number,
    method: string,
    url: string,
    headers: string,
    body: RequestBody,
    replayable: boolean,
    priority: number,
    deadlineMs: number,
    requests: number,
    inputTokens: number,
    outputTokens: number,
    custom: number,
    askedAt: number,
    counted: number,
    tenant: string | undefined,
  ): number;
  /** Milliseconds until such a call would start; {@link NOT_KNOWN}, or {@link REFUSED} where it never could. */
  estimate(
    now: number,
    scope: number,
    requests: number,
    inputTokens: number,
    outputTokens: number,
    custom: number,
    priority: number,
    tenant: string | undefined,
  ): number;
  /** Milliseconds until a waiting ticket starts; {@link NOT_KNOWN} or {@link NOT_WAITING}. */
  outlook(now: number, ticket: number): number;
  /** How many are before the ticket of the last {@link outlook}. */
  position(): number;
  takeQuestion(): Question;
  /** The answer to the question that went to `url`: its status, 0 for none, and the beginning of its body. A count, or -1. */
  handleCount(now: number, url: string, status: number, body: Uint8Array): number;
  /** The next output: a ticket that starts now, {@link DRAINED}, {@link REFUSED} or {@link EVENT}. */
  poll(): number;
  takeRefusal(): Refusal;
  takeEvent(): TidegateEvent;
  /** Whole milliseconds until the core wants {@link handleTimeout}; negative for never. May exceed what a timer can hold. */
  timeoutMs(now: number): number;
  handleTimeout(now: number): void;
  /**
   * The caller of a ticket, which may vanish without a word, is there; `isTold` says whether it can be told at once that it
   * starts. Does what {@link handleTimeout} does. Whole milliseconds until it is to look again, or {@link OVER}.
   */
  look(now: number, ticket: number, isTold: boolean): number;
  /**
   * The caller gave up, in whatever state the ticket is; `isSent` says whether anything was sent since it last started.
   * False when the ticket has ended already: its number may be another's by now.
   */
  cancel(now: number, ticket: number, isSent: boolean): boolean;
  /** Response headers arrived; answers with one of the verdicts below. */
  handleResponse(now: number, wallNow: number, ticket: number, status: number, headers: string): number;
  /** The beginning of a body that the core asked for; answers with a verdict other than {@link NEEDS_BODY}. */
  handleBody(
    now: number,
    wallNow: number,
    ticket: number,
    status: number,
    headers: string,
    body: Uint8Array,
  ): number;
  /** The attempt failed without a response: {@link RETRY}, or the ticket is over. */
  handleFailure(now: number, ticket: number): number;
  chunk(now: number, ticket: number, bytes: Uint8Array): void;
  /** The body ended (`complete`) or was cut short. */
  finish(now: number, ticket: number, complete: boolean): void;
  /**
   * The same two for a body that somebody else has read, with what {@link CoreUsage.usage} says of it: so far, and in all.
   *
   * @throws {OptionError} for what is no usage; the ticket goes on.
   */
  extendBy(now: number, ticket: number, usage: BodyUsage | null): void;
  finishWith(now: number, ticket: number, complete: boolean, usage: BodyUsage | null): void;
  /** What it really cost; -1 for "as reserved". The ticket is over. */
  settle(
    now: number,
    ticket: number,
    requests: number,
    inputTokens: number,
    outputTokens: number,
    custom: number,
  ): void;
  /** Over, charged as reserved. Tells whether something may start now: then {@link handleTimeout} is due. */
  release(ticket: number): boolean;
  snapshot(now: number): Snapshot;
  /** The state for a limiter that comes after this one. To be asked when {@link poll} has nothing more to say. */
  save(now: number, wallNow: number): Saved;
  /**
   * Goes on where another limiter stopped. What was in flight there still is, under its numbers, if `keepsInFlight`; else it
   * costs what it reserved. Before anything else is asked.
   *
   * @throws {OptionError} naming what is wrong with `saved`; nothing is taken from it then.
   */
  restore(now: number, wallNow: number, saved: Saved, keepsInFlight: boolean): void;
  /** The tickets of all that has started and not ended. */
  inFlightTickets(): Uint32Array;
  /** Nothing starts until {@link resume}. */
  pause(): void;
  resume(now: number): void;
  /** Refuses what comes from now on, and tells the event `drained` once all is over. */
  drain(): void;
  close(now: number): void;
}

/** Reads what one body says it used, as it passes, for {@link CoreLimiter.finishWith} of a limiter elsewhere. */
export interface CoreUsage {
  /** Whether a body of this type may say anything. */
  isReadable(): boolean;
  chunk(bytes: Uint8Array): void;
  /** What it said so far; null for a body that cannot be read. */
  usage(): BodyUsage | null;
  /** Gives its memory back. */
  free(): void;
}

/** What a body said its call used, in model tokens; null for what it did not say. Plain data. */
export interface BodyUsage {
  readonly inputTokens: number | null;
  readonly outputTokens: number | null;
  readonly cacheCreationInputTokens: number | null;
  readonly cacheReadInputTokens: number | null;
  readonly totalTokens: number | null;
  /** Characters of text that have passed, for answers that are cut before they say their usage. */
  readonly outputCharacters: number;
  /** The class of an error that came inside a success, such as "overloaded". */
  readonly error: string | null;
}

/** A body that can be read, null for none, undefined for one that cannot be read. */
export type RequestBody = string | Uint8Array | null | undefined;

/** What the core says of a call that it will not start. */
export interface Refusal {
  readonly ticket: number;
  readonly code: string;
  readonly message: string;
  readonly [field: string]: unknown;
}

/** What the server is to be asked before a call is queued: a POST, of whose answer the call waits for a while. */
export interface Question {
  readonly url: string;
  readonly body: string;
  readonly maxWaitMs: number;
}

/** What an entry file gets from WebAssembly and hands to the glue. */
export interface CoreModule {
  readonly CoreLimiter: new (options: object, now: number, seed?: number) => CoreLimiter;
  /** For a body of this `content-type`, or the empty text. */
  readonly CoreUsage: new (contentType: string) => CoreUsage;
  /** The request headers that the core reads. Never credentials. */
  requestHeaders(): string[];
  /**
   * What a response says of limits, as the JSON of a {@link RateLimit}. `headers` holds `name: value` lines, `provider` a name or a description; throws for a
   * wrong description.
   */
  parseRateLimit(
    headers: string,
    provider: unknown,
    status: number,
    body: string | Uint8Array | undefined,
    wallNow: number,
  ): string;
  /** The model tokens of a text, or of what a request's body asks a model to read, which may name the model itself. */
  estimateTokens(content: string | Uint8Array, isBody: boolean, model: string | undefined): number;
  /** Adds exact tables, for every limiter and every estimate from now on. */
  addTokenTables(tables: Uint8Array): void;
  /** How much of a body {@link CoreLimiter.handleBody} wants at most, in bytes. */
  bodyPeekBytes(): number;
}

/** {@link Driver}, or a class in its place. */
export type DriverClass = new (...args: ConstructorParameters<typeof Driver>) => Driver;

/** `acquireNow`: not now, but it can be queued. */
export const MUST_WAIT = -1;
/** `estimate`, `outlook`: nobody can tell. */
export const NOT_KNOWN = -1;
/** `outlook`: the ticket is not in the queue. */
export const NOT_WAITING = -2;
/** `look`: the ticket is over. */
export const OVER = -1;
/** `poll`: nothing more to do now. */
export const DRAINED = -1;
/** A call was refused: `takeRefusal()` tells which and why. */
export const REFUSED = -2;
/** `poll`: `takeEvent()` has something to tell. */
export const EVENT = -3;

/** `submitRequest`: {@link CoreLimiter.takeQuestion} is to be asked, and the request to be submitted again. */
export const COUNT_FIRST = -4;

/** Verdict: give the response to the caller as it is; the ticket is over. */
export const DELIVER = 0;
/** Verdict: give the response to the caller and report its body; the ticket ends with the body. */
export const OBSERVE = 1;
/** Verdict: drop the response; the ticket is queued again. */
export const RETRY = 2;
/** Verdict: not known without the beginning of the body. */
export const NEEDS_BODY = 3;

let loaded: CoreModule | undefined;
let driverOfEntry: DriverClass | undefined;
let headerNames: readonly string[] | undefined;
let awaitedTables: (() => Uint8Array) | undefined;

/** Called once by the entry file, before anything else can run. `driver` is for a runtime that needs another than most. */
export function provideCore(module: CoreModule, driver?: DriverClass): void {
  loaded = module;
  driverOfEntry = driver;
}

/** The driver for limiters of this entry, if it needs another than most. */
export function providedDriver(): DriverClass | undefined {
  return driverOfEntry;
}

/** @throws {CoreError} before the module is there: with the manual entry, or when the glue was imported without an entry. */
export function loadedCore(): CoreModule {
  if (loaded === undefined) {
    throw new CoreError('tidegate has no core: await init(…) of "tidegate/slim" first, or import "tidegate"');
  }
  addAwaitedTables(loaded);
  return loaded;
}

/**
 * Exact tables of tokens, which may come before the core or after it. They are decoded and added when the next text is
 * counted: nothing happens while modules are loaded.
 */
export function provideTokenTables(tables: () => Uint8Array): void {
  awaitedTables = tables;
}

/** Adds the tables that came since the last call. */
export function addAwaitedTables(core: CoreModule): void {
  if (awaitedTables === undefined) return;
  const tables = awaitedTables;
  awaitedTables = undefined;
  core.addTokenTables(tables());
}

/** {@link CoreModule.requestHeaders}, asked for once. */
export function requestHeaderNames(): readonly string[] {
  headerNames ??= loadedCore().requestHeaders();
  return headerNames;
}
