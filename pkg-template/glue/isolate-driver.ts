import { OVER, type Refusal } from "./core.js";
import { Driver, type Started, TICKET_INDEX_SHIFT } from "./driver.js";
import { AbandonedError, type CoreError, type TidegateError } from "./errors.js";
import { Permit } from "./permit.js";
import { refusalError } from "./refusal.js";
import { type OnWait, PAUSE_MS, Watched } from "./standing.js";

/**
 * The driver where one isolate serves many requests, each with timers and promises of its own that vanish with it, at any
 * moment and without a word, and none of which may touch what belongs to another: Cloudflare Workers.
 *
 * Every caller has a timer of its own, by which it looks: whether its ticket has started meanwhile, and what is due. Whoever
 * drains the core marks the tickets that start, and each caller takes its permit in an event of its own. While it holds the
 * permit it goes on looking, so that the core knows whose request has vanished, and ends what that had.
 *
 * Where a promise may be resolved for another request, as its continuation then runs in its own, a caller is called to look at
 * once. Its timer stays: a request that waits for nothing of its own is taken for one that hangs, and is ended.
 */
export class IsolateDriver extends Driver {
  /** Those that wait, by the index of their ticket. One that has vanished stays until its index is used again. */
  private readonly waits: (Visit | undefined)[] = [];
  /** Those in flight, likewise. */
  private readonly flights: (Visit | undefined)[] = [];
  private readonly canCall: boolean = passesOnResolutions();
  private hasEnded = false;
  private fault: CoreError | undefined;

  override tryAcquire(
    now: number,
    scope: number,
    requests: number,
    inputTokens: number,
    outputTokens: number,
    custom: number,
    priority: number,
  ): Permit | undefined {
    const permit = super.tryAcquire(now, scope, requests, inputTokens, outputTokens, custom, priority);
    if (permit !== undefined) return permit;
    // Perhaps only those are in the way who have vanished, and nobody else looks.
    this.tell((at) => this.core.handleTimeout(at));
    return super.tryAcquire(now, scope, requests, inputTokens, outputTokens, custom, priority);
  }

  override onStart(now: number, ticket: number, onWait: OnWait | undefined, started: Started): void {
    this.ended(ticket);
    const watched = onWait === undefined ? undefined : new Watched(ticket, onWait, this.core, this.context);
    const visit = new Visit(ticket, started, watched);
    put(this.waits, visit);
    if (this.canCall) {
      const called = new Promise<void>((resolve) => {
        visit.call = resolve;
      });
      void called.then(() => {
        if (visit.started !== undefined) this.look(visit);
      });
    }
    this.look(visit, now);
  }

  override settle(ticket: number, requests: number, inputTokens: number, outputTokens: number, custom: number): void {
    this.ended(ticket);
    super.settle(ticket, requests, inputTokens, outputTokens, custom);
  }

  override release(ticket: number): void {
    this.ended(ticket);
    super.release(ticket);
  }

  override finish(ticket: number, complete: boolean): void {
    this.ended(ticket);
    super.finish(ticket, complete);
  }

  /** Whoever drains looks for itself, too. */
  override drain(): Promise<void> {
    this.core.drain();
    return new Promise((resolve, reject) => {
      const look = () => {
        this.tell((now) => this.core.handleTimeout(now));
        if (this.fault !== undefined) reject(this.fault);
        else if (this.hasEnded) resolve();
        else this.clock.setTimer(look, PAUSE_MS);
      };
      look();
    });
  }

  override ended(ticket: number): void {
    const visit = found(this.flights, ticket);
    if (visit !== undefined) this.leave(this.flights, visit);
  }

  /** What is inside of one `run` is of one request; of nothing else is that known. */
  override ownerOfAnswers(): object | undefined {
    return this.context.current();
  }

  protected override granted(ticket: number): Permit {
    const visit = new Visit(ticket, undefined, undefined);
    put(this.flights, visit);
    this.look(visit);
    return super.granted(ticket);
  }

  protected override start(ticket: number): void {
    found(this.waits, ticket)?.hear(new Permit(this, ticket));
  }

  protected override refuse(refusal: Refusal): void {
    found(this.waits, refusal.ticket)?.hear(refusalError(refusal));
  }

  protected override forget(ticket: number): void {
    const visit = found(this.waits, ticket);
    if (visit !== undefined) this.leave(this.waits, visit);
    this.ended(ticket);
  }

  /** Each caller has seen to that. */
  protected override arm(): void {}

  protected override end(): void {
    this.hasEnded = true;
  }

  protected override fail(fault: CoreError): void {
    super.fail(fault);
    this.fault = fault;
    for (const visit of this.waits) visit?.hear(fault);
  }

  /** Always in an event of the caller's own. */
  private look(visit: Visit, now: number = this.clock.now()): void {
    this.disarm(visit);
    if (visit.isOver) return;
    const knew = visit.outcome !== undefined;
    let waitMs = this.ask(now, visit.ticket);
    // That it starts just now, and knows of it, is to be said, too.
    if (!knew && visit.outcome !== undefined) waitMs = this.ask(now, visit.ticket);
    if (visit.started === undefined) this.flyOn(visit, waitMs);
    else if (visit.outcome === undefined) this.waitOn(visit, now, waitMs);
    else this.takeOff(visit, visit.started, visit.outcome, waitMs);
  }

  private ask(now: number, ticket: number): number {
    let waitMs = OVER;
    this.unharmed(() => {
      waitMs = this.core.look(now, ticket, this.canCall);
    });
    this.pump(now);
    return waitMs;
  }

  private waitOn(visit: Visit, now: number, waitMs: number): void {
    const { watched } = visit;
    if (watched !== undefined && watched.lookAt <= now) watched.look(now);
    // In the middle of the loop, what has become of it is still to be told.
    if (waitMs === OVER && !this.isPumping) {
      this.takeOff(visit, visit.started, new AbandonedError(), waitMs);
      return;
    }
    const untilNews = watched === undefined ? Infinity : Math.ceil(watched.lookAt - now);
    try {
      visit.timer = this.clock.setTimer(() => this.look(visit), Math.max(Math.min(waitMs, untilNews), 0));
    } catch (error) {
      // Outside of a request there are no timers, and nothing can wait.
      this.cancel(visit.ticket, false);
      throw error;
    }
  }

  private takeOff(visit: Visit, started: Started | undefined, outcome: Permit | TidegateError, waitMs: number): void {
    this.leave(this.waits, visit);
    if (!(outcome instanceof Permit)) {
      started?.(Promise.reject(outcome));
    } else if (waitMs === OVER) {
      started?.(Promise.reject(new AbandonedError()));
    } else {
      const flight = new Visit(visit.ticket, undefined, undefined);
      put(this.flights, flight);
      this.flyOn(flight, waitMs);
      started?.(outcome);
    }
  }

  private flyOn(visit: Visit, waitMs: number): void {
    if (waitMs === OVER) {
      this.leave(this.flights, visit);
      return;
    }
    try {
      visit.timer = this.clock.setTimer(() => this.look(visit), waitMs);
    } catch {
      // Outside of a request there are no timers. It may run for as long as anybody who is not heard of.
    }
  }

  private leave(visits: (Visit | undefined)[], visit: Visit): void {
    visit.isOver = true;
    visit.started = undefined;
    this.disarm(visit);
    const index = visit.ticket >>> TICKET_INDEX_SHIFT;
    if (visits[index] === visit) visits[index] = undefined;
  }

  private disarm(visit: Visit): void {
    if (visit.timer === undefined) return;
    this.clock.clearTimer(visit.timer);
    visit.timer = undefined;
  }
}

/** A caller, while it waits or while it is in flight. */
class Visit {
  readonly ticket: number;
  /** Tells the caller what came of its wait. Undefined once it was told. */
  started: Started | undefined;
  readonly watched: Watched | undefined;
  /** What came of it, as soon as it is known. */
  outcome: Permit | TidegateError | undefined;
  /** Calls the caller to look, where that is possible. */
  call: (() => void) | undefined;
  timer: unknown;
  isOver = false;

  constructor(ticket: number, started: Started | undefined, watched: Watched | undefined) {
    this.ticket = ticket;
    this.started = started;
    this.watched = watched;
  }

  /** In anybody's event. */
  hear(outcome: Permit | TidegateError): void {
    this.outcome = outcome;
    this.call?.();
  }
}

function put(visits: (Visit | undefined)[], visit: Visit): void {
  const index = visit.ticket >>> TICKET_INDEX_SHIFT;
  while (visits.length <= index) visits.push(undefined);
  visits[index] = visit;
}

function found(visits: readonly (Visit | undefined)[], ticket: number): Visit | undefined {
  const visit = visits[ticket >>> TICKET_INDEX_SHIFT];
  return visit?.ticket === ticket ? visit : undefined;
}

/**
 * Whether the continuation of a promise runs in the request that it belongs to, whoever resolves it. Workers with a
 * compatibility date from 2024-10-14 on do that, or say so by a flag (tried on 2026-11-27 in workerd 1.20261023: without it
 * the continuation runs in the wrong request, and the right one hangs).
 */
function passesOnResolutions(): boolean {
  const { Cloudflare: runtime } = globalThis as { Cloudflare?: { compatibilityFlags?: Record<string, boolean> } };
  return runtime?.compatibilityFlags?.["handle_cross_request_promise_resolution"] === true;
}
