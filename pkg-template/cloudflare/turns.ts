import { ignore } from "../glue/body.js";
import type { Clock } from "../glue/clock.js";
import { systemClock } from "../glue/clock.js";
import {
  type BodyUsage,
  COUNT_FIRST,
  DELIVER,
  DRAINED,
  loadedCore,
  NEEDS_BODY,
  REFUSED,
  type RequestBody,
  RETRY,
} from "../glue/core.js";
import { CoreError, OptionError } from "../glue/errors.js";
import type { TidegateEvent } from "../glue/events.js";
import { GuardedCore } from "../glue/guard.js";
import { refusalError } from "../glue/refusal.js";
import { Timer } from "../glue/timer.js";
import { callReporting } from "../glue/uncaught.js";
import { Entry, Line } from "./entry.js";
import { packed } from "./errors.js";
import { type Kept, keptText, readKept } from "./kept.js";
import type { SplitOptions } from "./options.js";
import {
  type Answer,
  type CallMessage,
  type EstimateMessage,
  type Message,
  type PermitMessage,
  POLL_MS,
  type RequestMessage,
} from "./protocol.js";
import type { ObjectStorage } from "./runtime.js";
import { Store } from "./store.js";

/** What is answered when a turn has come. */
export type TurnMessage = Extract<Message, { readonly type: "request" | "permit" | "wait" }>;

/** What is answered at once. */
export type SaidMessage = Exclude<Message, TurnMessage>;

/** A Worker that waits for an answer. */
export interface Wait {
  readonly answer: Promise<Answer>;
  /** Nobody waits here any more. */
  gone(): void;
}

/**
 * The loop of an object: what Workers say goes into the core, what the core says goes to the Workers that wait.
 *
 * Whatever the core has decided is stored before anybody is told, so that an object that comes after this one knows it.
 * Who waits is not stored: when the object is gone, their connections break, and they ask again.
 */
export class Turns {
  /** Why the core cannot be used any more. */
  fault: CoreError | undefined;
  private readonly clock: Clock;
  private readonly core: GuardedCore;
  private readonly store: Store;
  private readonly options: SplitOptions;
  private readonly onEvent: (event: TidegateEvent) => void;
  private readonly calls = new Map<string, Entry>();
  private readonly byTicket = new Map<number, Entry>();
  /** Who waits for an answer: it is given in time, so that a dead connection is noticed. */
  private readonly asked = new Line(POLL_MS);
  /** Whose Worker has not come back, for its turn or for the next answer. */
  private readonly missed = new Line(MISSED_MS);
  private readonly coreTimer: Timer;
  private readonly lineTimer: Timer;
  private isPumping = false;
  private now = 0;
  /** Whether something is to be stored. */
  private isChanged = false;

  private constructor(options: SplitOptions, storage: ObjectStorage, onEvent: (event: TidegateEvent) => void) {
    this.clock = options.clock ?? systemClock;
    this.options = options;
    this.onEvent = onEvent;
    this.store = new Store(storage, () => this.kept());
    this.core = new GuardedCore(loadedCore(), options.core, this.clock.now(), options.seed, (fault) => this.fail(fault));
    this.coreTimer = new Timer(this.clock, () => {
      const now = this.clock.now();
      this.unharmed(() => this.core.handleTimeout(now));
      this.turn(now).catch(ignore);
    });
    this.lineTimer = new Timer(this.clock, () => this.lookAtLines());
  }

  /**
   * Goes on where the object before ended.
   *
   * @throws {OptionError} for options that cannot be. What is stored and cannot be read counts as nothing.
   */
  static async open(
    options: SplitOptions,
    storage: ObjectStorage,
    onEvent: (event: TidegateEvent) => void,
  ): Promise<Turns> {
    const turns = new Turns(options, storage, onEvent);
    const text = await turns.store.load();
    const kept = text === undefined ? undefined : readKept(text);
    if (kept === undefined || turns.resume(kept)) return turns;
    const fresh = new Turns(options, storage, onEvent);
    await fresh.store.load();
    return fresh;
  }

  /** For the messages that are answered when the turn has come. */
  wait(message: TurnMessage, bytes: Uint8Array | undefined): Wait {
    const now = this.clock.now();
    let entry = this.calls.get(message.id);
    // The core forgot this one with the object before.
    if (entry !== undefined && entry.ticket === undefined) {
      this.calls.delete(entry.id);
      entry = undefined;
    }
    if (entry === undefined) {
      if (message.type === "wait") return told({ state: "unknown" });
      const submitted = this.submit(now, message, bytes);
      if (!(submitted instanceof Entry)) return told(submitted);
      entry = submitted;
    }
    return this.ask(now, entry);
  }

  /** For all others. Resolves when what they change is stored. */
  async answer(message: SaidMessage, bytes: Uint8Array | undefined): Promise<Answer> {
    const now = this.clock.now();
    const answer = this.say(now, message, bytes);
    await this.turn(now);
    return answer;
  }

  /** Ends the calls whose Workers are not heard of any more. */
  async alarm(): Promise<void> {
    this.store.alarmed();
    const now = this.clock.now();
    const wallNow = this.clock.wallNow();
    for (const entry of [...this.calls.values()]) {
      if (entry.start > 0 && entry.leaseUntil <= wallNow) this.end(now, entry, true);
    }
    this.isChanged = true;
    await this.turn(now);
  }

  private submit(now: number, message: RequestMessage | PermitMessage, bytes: Uint8Array | undefined): Entry | Answer {
    const { id, type } = message;
    const ticket = type === "request" ? this.submitRequest(now, message, bytes) : this.submitPermit(now, message);
    if (ticket === COUNT_FIRST) return { state: "question", question: this.core.takeQuestion() };
    if (ticket === REFUSED) return this.refusal();
    const entry = new Entry(id, type === "request", ticket);
    this.calls.set(id, entry);
    this.byTicket.set(ticket, entry);
    return entry;
  }

  private submitRequest(now: number, message: RequestMessage, bytes: Uint8Array | undefined): number {
    const { method, url, headers, replayable, priority, cost, tenant, ageMs, counted } = message;
    const body: RequestBody =
      message.body === "sent" ? (bytes ?? new Uint8Array(0)) : message.body === "none" ? null : undefined;
    // A call that was forgotten has its age, and is not counted again.
    const isFirst = counted === null && ageMs === 0;
    return this.core.submitRequest(
      now,
      method,
      url,
      headers,
      body,
      replayable,
      priority,
      message.deadlineMs ?? Infinity,
      cost.requests,
      cost.inputTokens,
      cost.outputTokens,
      cost.custom,
      isFirst ? Number.NaN : now - ageMs,
      counted ?? -1,
      tenant === "" ? undefined : tenant,
    );
  }

  private submitPermit(now: number, message: PermitMessage): number {
    const { cost, priority, tenant, ageMs, deadlineMs } = message;
    const rest = deadlineMs === null ? Infinity : Math.max(deadlineMs - ageMs, 0);
    const { requests, inputTokens, outputTokens, custom } = cost;
    const scope = this.scopeOf(message.model);
    const named = tenant === "" ? undefined : tenant;
    return this.core.submit(now, scope, requests, inputTokens, outputTokens, custom, priority, rest, named);
  }

  private ask(now: number, entry: Entry): Wait {
    let teller: (answer: Answer | Promise<Answer>) => void = () => undefined;
    const answer = new Promise<Answer>((resolve) => {
      teller = resolve;
    });
    entry.ask(teller);
    this.missed.delete(entry);
    if (entry.isStarted) this.tellStart(entry);
    else this.asked.add(entry, now);
    this.turn(now).catch(ignore);
    return {
      answer,
      gone: () => {
        if (!entry.leave(teller)) return;
        const since = this.clock.now();
        this.asked.delete(entry);
        this.missed.add(entry, since);
        this.armLines(since);
      },
    };
  }

  private say(now: number, message: SaidMessage, bytes: Uint8Array | undefined): Answer {
    switch (message.type) {
      case "count":
        return { state: "counted", tokens: this.core.handleCount(now, message.url, message.status, bytes ?? NO_BYTES) };
      case "snapshot":
        return { state: "snapshot", snapshot: this.core.snapshot(now) };
      case "estimate":
        return this.estimate(now, message);
      default:
        return this.sayOfCall(now, message, bytes);
    }
  }

  private sayOfCall(now: number, message: CallMessage, bytes: Uint8Array | undefined): Answer {
    const entry = this.calls.get(message.id);
    if (entry === undefined) return UNKNOWN;
    this.extendLease(entry);
    switch (message.type) {
      case "answered":
      case "failed":
        return this.judge(now, entry, message, bytes);
      case "ended":
        return this.over(entry, (ticket) => this.core.finishWith(now, ticket, message.complete, message.usage));
      case "settle": {
        const { requests, inputTokens, outputTokens, custom } = message.cost;
        return this.over(entry, (ticket) => this.core.settle(now, ticket, requests, inputTokens, outputTokens, custom));
      }
      case "cancel":
        this.end(now, entry, message.isSent);
        return DONE;
      case "renew":
        return this.extend(now, entry, message.usage);
    }
  }

  /** What a model writes beyond its reservation is charged while it appears, as the server does. */
  private extend(now: number, { ticket, isStarted }: Entry, usage: BodyUsage | null): Answer {
    if (ticket !== undefined && isStarted && usage !== null) this.core.extendBy(now, ticket, usage);
    return DONE;
  }

  /** What becomes of the answer to an attempt. Said again, it is answered as before. */
  private judge(
    now: number,
    entry: Entry,
    message: Message & { type: "answered" | "failed" },
    bytes: Uint8Array | undefined,
  ): Answer {
    const { ticket } = entry;
    if (ticket === undefined || !entry.isStarted || message.start < entry.start) return verdictOf(RETRY);
    if (entry.verdict !== undefined) return verdictOf(entry.verdict);
    const verdict = this.verdict(now, ticket, message, bytes);
    if (verdict === NEEDS_BODY) return verdictOf(verdict);
    entry.verdict = verdict;
    if (verdict === DELIVER) this.forget(entry);
    if (verdict === RETRY) {
      entry.isStarted = false;
      this.missed.add(entry, now);
    }
    return verdictOf(verdict);
  }

  private verdict(
    now: number,
    ticket: number,
    message: Message & { type: "answered" | "failed" },
    bytes: Uint8Array | undefined,
  ): number {
    if (message.type === "failed") return this.core.handleFailure(now, ticket);
    const { status, headers } = message;
    const wallNow = this.clock.wallNow();
    return bytes === undefined
      ? this.core.handleResponse(now, wallNow, ticket, status, headers)
      : this.core.handleBody(now, wallNow, ticket, status, headers, bytes);
  }

  private estimate(now: number, { model, cost, priority, tenant }: EstimateMessage): Answer {
    const { requests, inputTokens, outputTokens, custom } = cost;
    const named = tenant === "" ? undefined : tenant;
    const scope = this.scopeOf(model);
    const waitMs = this.core.estimate(now, scope, requests, inputTokens, outputTokens, custom, priority, named);
    if (waitMs === REFUSED) return this.refusal();
    return { state: "estimate", waitMs: waitMs < 0 ? null : waitMs };
  }

  private scopeOf(model: string | null): number {
    return model === null ? DEFAULT_SCOPE : this.core.scope(model);
  }

  private refusal(): Answer {
    return { state: "refused", error: packed(refusalError(this.core.takeRefusal())) };
  }

  private over(entry: Entry, settle: (ticket: number) => void): Answer {
    if (entry.ticket !== undefined && entry.isStarted) settle(entry.ticket);
    this.forget(entry);
    return DONE;
  }

  /** Gives up a call in whatever state it is. */
  private end(now: number, entry: Entry, isSent: boolean): void {
    const { ticket } = entry;
    if (ticket !== undefined && entry.isStarted && isSent && !entry.isRequest) this.unharmed(() => this.core.release(ticket));
    else if (ticket !== undefined) this.unharmed(() => this.core.cancel(now, ticket, isSent));
    entry.tell(UNKNOWN);
    this.forget(entry);
  }

  private forget(entry: Entry): void {
    this.isChanged ||= entry.start > 0;
    this.calls.delete(entry.id);
    if (entry.ticket !== undefined) this.byTicket.delete(entry.ticket);
    this.asked.delete(entry);
    this.missed.delete(entry);
  }

  private extendLease(entry: Entry): void {
    entry.leaseUntil = this.clock.wallNow() + this.options.leaseMs;
    this.isChanged ||= entry.start > 0;
  }

  /** Drains the core, arms the timers, and resolves when all of it is stored. */
  private async turn(now: number): Promise<void> {
    this.pump(now);
    this.armLines(now);
    if (!this.isChanged) return;
    this.isChanged = false;
    await this.store.commit();
  }

  private pump(now: number): void {
    this.now = now;
    if (this.isPumping) return;
    this.isPumping = true;
    try {
      for (let output = this.core.poll(); output !== DRAINED; output = this.core.poll()) {
        if (output >= 0) this.starts(output);
        else if (output === REFUSED) this.refuse();
        else this.announce(this.core.takeEvent());
      }
      // Whoever waits is in one of the lines. For what is in flight, no timer keeps the object in memory.
      const waitMs = this.lineDueAt === Infinity ? -1 : this.core.timeoutMs(this.now);
      if (waitMs < 0) this.coreTimer.disarm();
      else this.coreTimer.arm(this.now, waitMs);
    } catch (error) {
      if (!(error instanceof CoreError)) throw error;
    } finally {
      this.isPumping = false;
    }
  }

  private starts(ticket: number): void {
    const entry = this.byTicket.get(ticket);
    if (entry === undefined) return;
    entry.isStarted = true;
    entry.start += 1;
    entry.verdict = undefined;
    this.extendLease(entry);
    this.asked.delete(entry);
    if (entry.isAsked) this.tellStart(entry);
  }

  /** After it is stored: a start that nobody remembers would be quota that is used twice. */
  private tellStart(entry: Entry): void {
    const { leaseMs, servedIsFinal } = this.options;
    const { start } = entry;
    entry.tell(this.store.commit().then(() => ({ state: "started", start, leaseMs, servedIsFinal })));
  }

  private refuse(): void {
    const refusal = this.core.takeRefusal();
    const entry = this.byTicket.get(refusal.ticket);
    if (entry === undefined) return;
    entry.tell({ state: "refused", error: packed(refusalError(refusal)) });
    this.forget(entry);
  }

  private announce(event: TidegateEvent): void {
    callReporting(() => this.onEvent(event));
  }

  private lookAtLines(): void {
    const now = this.clock.now();
    for (let entry = this.asked.due(now); entry !== undefined; entry = this.asked.due(now)) {
      entry.tell({ state: "waiting" });
      this.missed.add(entry, now);
    }
    // Nobody was told of its start, so nothing was sent.
    for (let entry = this.missed.due(now); entry !== undefined; entry = this.missed.due(now)) this.end(now, entry, false);
    this.turn(now).catch(ignore);
  }

  private armLines(now: number): void {
    const dueAt = this.lineDueAt;
    if (dueAt === Infinity) this.lineTimer.disarm();
    else this.lineTimer.arm(now, Math.max(Math.ceil(dueAt - now), 0));
  }

  private get lineDueAt(): number {
    return Math.min(this.asked.first, this.missed.first);
  }

  private kept(): { text: string; wakeAt: number | undefined } {
    const saved = this.core.save(this.clock.now(), this.clock.wallNow());
    const entries = [...this.calls.values()].filter((entry) => entry.start > 0);
    const wakeAt = entries.reduce((earliest, entry) => Math.min(earliest, entry.leaseUntil), Infinity);
    return { text: keptText(saved, entries), wakeAt: wakeAt === Infinity ? undefined : wakeAt };
  }

  /** False where what was kept is not to be used. */
  private resume({ core, calls }: Kept): boolean {
    const wallNow = this.clock.wallNow();
    try {
      this.core.restore(this.clock.now(), wallNow, core, true);
    } catch (error) {
      if (error instanceof OptionError || error instanceof CoreError) return false;
      throw error;
    }
    const inFlight = new Set(this.core.inFlightTickets());
    for (const entry of calls) {
      if (entry.ticket !== undefined && inFlight.delete(entry.ticket)) {
        entry.isStarted = true;
        this.byTicket.set(entry.ticket, entry);
      } else {
        entry.isStarted = false;
        entry.ticket = undefined;
      }
      this.calls.set(entry.id, entry);
    }
    for (const ticket of inFlight) this.core.cancel(this.clock.now(), ticket, true);
    return true;
  }

  /** Never throws: there is nobody to tell. */
  private unharmed(step: () => void): void {
    try {
      step();
    } catch (error) {
      if (!(error instanceof CoreError)) throw error;
    }
  }

  private fail(fault: CoreError): void {
    this.fault = fault;
    this.coreTimer.disarm();
    this.lineTimer.disarm();
    for (const entry of this.calls.values()) entry.tell({ state: "refused", error: packed(fault) });
    this.calls.clear();
    this.byTicket.clear();
    this.asked.clear();
    this.missed.clear();
  }
}

function told(answer: Answer): Wait {
  return { answer: Promise.resolve(answer), gone: () => undefined };
}

function verdictOf(verdict: number): Answer {
  return { state: "verdict", verdict };
}

const DONE: Answer = { state: "done" };
const UNKNOWN: Answer = { state: "unknown" };
const NO_BYTES = new Uint8Array(0);

/** The scope of a call that names no model. */
const DEFAULT_SCOPE = 0;

/**
 * How long a Worker may take to come back for its next answer, in milliseconds. More than it needs for trying again
 * after a lost connection, and short, as whoever waits behind it may have its place.
 */
const MISSED_MS = 10_000;
