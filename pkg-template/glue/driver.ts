import type { Clock } from "./clock.js";
import type { HintContext } from "./context.js";
import { type CoreModule, DRAINED, MUST_WAIT, REFUSED, type Refusal, type RequestBody } from "./core.js";
import type { CostRecord } from "./cost.js";
import { CoreError } from "./errors.js";
import { Emitter, type TidegateEvent } from "./events.js";
import { GuardedCore } from "./guard.js";
import { NO_DEADLINE, NORMAL, type ResolvedHints } from "./hints.js";
import { Permit } from "./permit.js";
import { refusalError } from "./refusal.js";
import { type OnWait, Standings } from "./standing.js";
import { Timer } from "./timer.js";

/** Ends a wait: with the permit, or with a rejected promise, so that a waiter need not keep a second function. */
export type Started = (outcome: Permit | Promise<never>) => void;

/**
 * Owns the loop: tell the core something, drain what it says, arm one timer.
 *
 * Every method that tells the core something that can let another call start ends in {@link pump}.
 * A timer is armed only while somebody waits, so an idle limiter keeps no process alive.
 */
export class Driver {
  readonly clock: Clock;
  readonly core: GuardedCore;
  readonly events: Emitter = new Emitter();
  /** The hints of the run around whoever asks. */
  readonly context: HintContext;
  /** Who waits, by the index of the ticket. Filled without holes, which would turn it into a slow dictionary. */
  private readonly waiters: (Started | undefined)[] = [];
  private waiting = 0;
  private pumping = false;
  /** The newest time that the running loop was told. */
  private now = 0;
  private readonly timer: Timer;
  private readonly standings: Standings;
  /** Who waits for the end of all, if anybody. */
  private drained: Drained | undefined;

  /** @throws {OptionError} naming the option, its value and the fix. */
  constructor(module: CoreModule, options: object, clock: Clock, seed: number | undefined, context: HintContext) {
    this.clock = clock;
    this.context = context;
    this.timer = new Timer(clock, () => this.tell((now) => this.core.handleTimeout(now)));
    this.core = new GuardedCore(module, options, clock.now(), seed, (fault) => this.fail(fault));
    this.standings = new Standings(clock, this.core, context);
  }

  /** A permit, or undefined when the call would have to wait. */
  tryAcquire(
    now: number,
    scope: number,
    requests: number,
    inputTokens: number,
    outputTokens: number,
    custom: number,
    priority: number,
  ): Permit | undefined {
    const ticket = this.core.acquireNow(now, scope, requests, inputTokens, outputTokens, custom, priority);
    if (ticket >= 0) return this.granted(ticket);
    if (ticket === MUST_WAIT) return undefined;
    throw refusalError(this.core.takeRefusal());
  }

  /** The ticket of a call that now waits: {@link wait} for it before anything else. */
  submit(now: number, scope: number, cost: CostRecord, hints: ResolvedHints): number {
    const { requests = 1, inputTokens = 0, outputTokens = 0, custom = 0 } = cost;
    const { priority = NORMAL, deadlineMs = NO_DEADLINE } = hints;
    const tenant = named(hints.tenant);
    const { core } = this;
    const ticket = core.submit(now, scope, requests, inputTokens, outputTokens, custom, priority, deadlineMs, tenant);
    return this.submitted(now, ticket);
  }

  /** Milliseconds until such a call would start; undefined where nobody can tell. */
  estimate(now: number, scope: number, cost: CostRecord, hints: ResolvedHints): number | undefined {
    const { requests = 1, inputTokens = 0, outputTokens = 0, custom = 0 } = cost;
    const { priority = NORMAL } = hints;
    const { core } = this;
    const tenant = named(hints.tenant);
    const waitMs = core.estimate(now, scope, requests, inputTokens, outputTokens, custom, priority, tenant);
    if (waitMs === REFUSED) throw refusalError(core.takeRefusal());
    return waitMs < 0 ? undefined : waitMs;
  }

  /** The same for an HTTP request; or {@link COUNT_FIRST}, for which the arguments `askedAt` and `counted` are. */
  submitRequest(
    now: number,
    method: string,
    url: string,
    headers: string,
    body: RequestBody,
    replayable: boolean,
    hints: ResolvedHints,
    askedAt: number,
    counted: number,
  ): number {
    const { cost, priority = NORMAL, deadlineMs = NO_DEADLINE } = hints;
    const ticket = this.core.submitRequest(
      now,
      method,
      url,
      headers,
      body,
      replayable,
      priority,
      deadlineMs,
      cost.requests,
      cost.inputTokens,
      cost.outputTokens,
      cost.custom,
      askedAt,
      counted,
      named(hints.tenant),
    );
    return this.submitted(now, ticket);
  }

  /** Resolves when the ticket starts, rejects when it is refused; when it is cancelled, neither. */
  wait(now: number, ticket: number, onWait: OnWait | undefined): Promise<Permit> {
    return new Promise((resolve) => this.onStart(now, ticket, onWait, resolve));
  }

  /** The same with a callback. */
  onStart(now: number, ticket: number, onWait: OnWait | undefined, started: Started): void {
    const index = ticket >>> TICKET_INDEX_SHIFT;
    while (this.waiters.length <= index) this.waiters.push(undefined);
    this.waiters[index] = started;
    this.waiting += 1;
    if (onWait !== undefined) this.standings.watch(ticket, onWait);
    this.pump(now);
  }

  /**
   * Gives up a ticket in whatever state it is; `isSent` says whether anything was sent since it last started.
   * Never throws: there is nobody to tell.
   */
  cancel(ticket: number, isSent: boolean): void {
    this.tell((now) => {
      // The place of a ticket that has ended may be that of somebody else who waits.
      if (this.core.cancel(now, ticket, isSent)) this.forget(ticket);
    });
  }

  /** @throws {CoreError} when the limiter has failed; so does {@link release}. */
  settle(ticket: number, requests: number, inputTokens: number, outputTokens: number, custom: number): void {
    const now = this.clock.now();
    this.core.settle(now, ticket, requests, inputTokens, outputTokens, custom);
    this.pump(now);
  }

  release(ticket: number): void {
    if (this.core.release(ticket)) this.tell((now) => this.core.handleTimeout(now));
  }

  /** A piece of an observed body. Never throws, like {@link finish}: the body goes on whatever happens here. */
  chunk(ticket: number, bytes: Uint8Array): void {
    this.unharmed(() => this.core.chunk(this.clock.now(), ticket, bytes));
  }

  finish(ticket: number, complete: boolean): void {
    this.tell((now) => this.core.finish(now, ticket, complete));
  }

  /** Nothing starts any more; what is in flight goes on. */
  pause(): void {
    this.core.pause();
    this.pump(this.clock.now());
  }

  resume(): void {
    const now = this.clock.now();
    this.core.resume(now);
    this.pump(now);
  }

  /** Accepts nothing any more. Resolves when all that there is has ended. */
  drain(): Promise<void> {
    this.core.drain();
    this.drained ??= new Drained();
    this.pump(this.clock.now());
    return this.drained.promise;
  }

  close(): void {
    const now = this.clock.now();
    this.core.close(now);
    this.pump(now);
  }

  /**
   * Drains the core and arms the timer. Safe to call from inside itself (a listener may call the limiter): the running
   * loop goes on until the core has nothing more to say, so it also sees what the inner call caused.
   */
  pump(now: number): void {
    this.now = now;
    if (this.pumping) return;
    this.pumping = true;
    try {
      for (let output = this.core.poll(); output !== DRAINED; output = this.core.poll()) {
        if (output >= 0) this.start(output);
        else if (output === REFUSED) this.refuse(this.core.takeRefusal());
        else this.announce(this.core.takeEvent());
      }
      this.arm(this.now);
    } catch (error) {
      // The core failed; fail() has told everybody who waits.
      if (!(error instanceof CoreError)) throw error;
    } finally {
      this.pumping = false;
    }
    this.standings.welcome(this.now);
  }

  /** An HTTP request is over with its response, or failed for good: nothing more will be told of it. */
  ended(_ticket: number): void {}

  /**
   * Whose calls may share an answer (the hint `dedupe`): all with the same owner; for undefined, nobody's. By default it is
   * the driver, which all views of a limiter have in common.
   */
  ownerOfAnswers(): object | undefined {
    return this;
  }

  protected get isPumping(): boolean {
    return this.pumping;
  }

  /** A ticket started without waiting. */
  protected granted(ticket: number): Permit {
    return new Permit(this, ticket);
  }

  /** A ticket starts that waited. */
  protected start(ticket: number): void {
    this.takeWaiter(ticket)?.(new Permit(this, ticket));
  }

  /** A ticket is refused that waited. */
  protected refuse(refusal: Refusal): void {
    this.takeWaiter(refusal.ticket)?.(Promise.reject(refusalError(refusal)));
  }

  /** Whoever waits for the ticket has gone. */
  protected forget(ticket: number): void {
    this.takeWaiter(ticket);
  }

  /** The core has said what it had to say: sees to it that it is asked again in time. */
  protected arm(now: number): void {
    const waitMs = this.waiting === 0 ? -1 : this.core.timeoutMs(now);
    if (waitMs < 0) this.timer.disarm();
    else this.timer.arm(now, waitMs);
  }

  /** All that there was has ended after {@link drain}. */
  protected end(): void {
    this.drained?.resolve();
  }

  /** The core has failed: tells everybody who waits. */
  protected fail(fault: CoreError): void {
    this.timer.disarm();
    this.standings.clear();
    this.waiting = 0;
    this.drained?.reject(fault);
    for (const started of this.waiters.splice(0)) started?.(Promise.reject(fault));
  }

  /** Tells the core something, and drains it. Never throws: there is nobody to tell, and who waits is told anyway. */
  protected tell(what: (now: number) => void): void {
    const now = this.clock.now();
    this.unharmed(() => what(now));
    this.pump(now);
  }

  /** Listeners belong to no run, whoever's call it was that caused the event. */
  private announce(event: TidegateEvent): void {
    if (event.type === "drained") this.end();
    this.context.within(undefined, () => this.events.emit(event));
  }

  private submitted(now: number, ticket: number): number {
    if (ticket !== REFUSED) return ticket;
    const refusal = this.core.takeRefusal();
    this.pump(now);
    throw refusalError(refusal);
  }

  private takeWaiter(ticket: number): Started | undefined {
    const index = ticket >>> TICKET_INDEX_SHIFT;
    const started = this.waiters[index];
    if (started !== undefined) {
      this.waiters[index] = undefined;
      this.waiting -= 1;
      this.standings.forget(ticket);
    }
    return started;
  }

  protected unharmed(step: () => void): void {
    try {
      step();
    } catch (error) {
      if (!(error instanceof CoreError)) throw error;
    }
  }
}

/** The end of everything, for whoever drains. */
class Drained {
  readonly promise: Promise<void>;
  resolve!: () => void;
  reject!: (fault: CoreError) => void;

  constructor() {
    this.promise = new Promise((resolve, reject) => {
      this.resolve = resolve;
      this.reject = reject;
    });
  }
}

/** Across the boundary, no tenant is cheaper than one without a name. */
function named(tenant: string | undefined): string | undefined {
  return tenant === "" ? undefined : tenant;
}

/** Below the index, which is used again, a ticket has bits that tell its uses apart. */
export const TICKET_INDEX_SHIFT = 8;
