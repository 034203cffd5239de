import type { Clock } from "./clock.js";
import { type CoreModule, DRAINED, MUST_WAIT, REFUSED, type Refusal, type RequestBody } from "./core.js";
import type { StatedCost } from "./cost.js";
import { CoreError } from "./errors.js";
import { Emitter } from "./events.js";
import { GuardedCore } from "./guard.js";
import { Permit } from "./permit.js";
import { refusalError } from "./refusal.js";
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
  /** Who waits, by the index of the ticket. Filled without holes, which would turn it into a slow dictionary. */
  private readonly waiters: (Started | undefined)[] = [];
  private waiting = 0;
  private pumping = false;
  /** The newest time that the running loop was told. */
  private now = 0;
  private readonly timer: Timer;

  /** @throws {OptionError} naming the option, its value and the fix. */
  constructor(module: CoreModule, options: object, clock: Clock, seed: number | undefined) {
    this.clock = clock;
    this.timer = new Timer(clock, () => this.tell((now) => this.core.handleTimeout(now)));
    this.core = new GuardedCore(module, options, clock.now(), seed, (fault) => this.fail(fault));
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
    if (ticket >= 0) return new Permit(this, ticket);
    if (ticket === MUST_WAIT) return undefined;
    throw refusalError(this.core.takeRefusal());
  }

  /** The ticket of a call that now waits: {@link wait} for it before anything else. */
  submit(
    now: number,
    scope: number,
    requests: number,
    inputTokens: number,
    outputTokens: number,
    custom: number,
    priority: number,
    deadlineMs: number,
  ): number {
    const { core } = this;
    const ticket = core.submit(now, scope, requests, inputTokens, outputTokens, custom, priority, deadlineMs);
    return this.submitted(now, ticket);
  }

  /** The same for an HTTP request; or {@link COUNT_FIRST}, for which the arguments `askedAt` and `counted` are. */
  submitRequest(
    now: number,
    method: string,
    url: string,
    headers: string,
    body: RequestBody,
    replayable: boolean,
    priority: number,
    deadlineMs: number,
    cost: StatedCost,
    askedAt: number,
    counted: number,
  ): number {
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
    );
    return this.submitted(now, ticket);
  }

  /** Resolves when the ticket starts, rejects when it is refused; when it is cancelled, neither. */
  wait(now: number, ticket: number): Promise<Permit> {
    return new Promise((resolve) => this.onStart(now, ticket, resolve));
  }

  /** The same with a callback. */
  onStart(now: number, ticket: number, started: Started): void {
    const index = ticket >>> TICKET_INDEX_SHIFT;
    while (this.waiters.length <= index) this.waiters.push(undefined);
    this.waiters[index] = started;
    this.waiting += 1;
    this.pump(now);
  }

  /**
   * Gives up a ticket in whatever state it is; `isSent` says whether anything was sent since it last started.
   * Never throws: there is nobody to tell.
   */
  cancel(ticket: number, isSent: boolean): void {
    this.tell((now) => {
      // The place of a ticket that has ended may be that of somebody else who waits.
      if (this.core.cancel(now, ticket, isSent)) this.takeWaiter(ticket);
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
        if (output >= 0) this.takeWaiter(output)?.(new Permit(this, output));
        else if (output === REFUSED) this.refuse(this.core.takeRefusal());
        else this.events.emit(this.core.takeEvent());
      }
      const waitMs = this.waiting === 0 ? -1 : this.core.timeoutMs(this.now);
      if (waitMs < 0) this.timer.disarm();
      else this.timer.arm(this.now, waitMs);
    } catch (error) {
      // The core failed; fail() has told everybody who waits.
      if (!(error instanceof CoreError)) throw error;
    } finally {
      this.pumping = false;
    }
  }

  private submitted(now: number, ticket: number): number {
    if (ticket !== REFUSED) return ticket;
    const refusal = this.core.takeRefusal();
    this.pump(now);
    throw refusalError(refusal);
  }

  private refuse(refusal: Refusal): void {
    this.takeWaiter(refusal.ticket)?.(Promise.reject(refusalError(refusal)));
  }

  private takeWaiter(ticket: number): Started | undefined {
    const index = ticket >>> TICKET_INDEX_SHIFT;
    const started = this.waiters[index];
    if (started !== undefined) {
      this.waiters[index] = undefined;
      this.waiting -= 1;
    }
    return started;
  }

  /** Tells the core something, and drains it. Never throws: there is nobody to tell, and who waits is told anyway. */
  private tell(what: (now: number) => void): void {
    const now = this.clock.now();
    this.unharmed(() => what(now));
    this.pump(now);
  }

  private unharmed(step: () => void): void {
    try {
      step();
    } catch (error) {
      if (!(error instanceof CoreError)) throw error;
    }
  }

  private fail(fault: CoreError): void {
    this.timer.disarm();
    this.waiting = 0;
    for (const started of this.waiters.splice(0)) started?.(Promise.reject(fault));
  }
}

/** Below the index, which is used again, a ticket has bits that tell its uses apart. */
const TICKET_INDEX_SHIFT = 8;
