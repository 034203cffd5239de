import {
  addAwaitedTables,
  type BodyUsage,
  type CoreLimiter,
  type CoreModule,
  type Question,
  type Refusal,
  type RequestBody,
} from "./core.js";
import type { CoreError } from "./errors.js";
import type { TidegateEvent } from "./events.js";
import type { Saved } from "./saved.js";
import { coreErrorOf, optionErrorOf } from "./thrown.js";
import type { Snapshot } from "./snapshot.js";

/**
 * The core behind a guard. What it throws (other than a wrong option) is a defect that leaves it in an unknown state,
 * so it is never called again: this call and every later one throw the same {@link CoreError}.
 *
 * Written out method by method because this is the hot path: no closures, no argument arrays.
 */
export class GuardedCore implements CoreLimiter {
  private fault: CoreError | undefined;
  private readonly module: CoreModule;
  private readonly core: CoreLimiter;
  private readonly onFault: (fault: CoreError) => void;

  /** @throws {OptionError} naming the option, its value and the fix. */
  constructor(
    module: CoreModule,
    options: object,
    now: number,
    seed: number | undefined,
    onFault: (fault: CoreError) => void,
  ) {
    this.fault = undefined;
    this.onFault = onFault;
    this.module = module;
    try {
      this.core = new module.CoreLimiter(options, now, seed);
    } catch (thrown) {
      throw optionErrorOf(thrown) ?? coreErrorOf(thrown);
    }
  }

  scope(model: string): number {
    return this.guarded(() => this.core.scope(model));
  }

  acquireNow(
    now: number,
    scope: number,
    requests: number,
    inputTokens: number,
    outputTokens: number,
    custom: number,
    priority: number,
  ): number {
    if (this.fault !== undefined) throw this.fault;
    try {
      return this.core.acquireNow(now, scope, requests, inputTokens, outputTokens, custom, priority);
    } catch (thrown) {
      throw this.poison(thrown);
    }
  }

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
  ): number {
    if (this.fault !== undefined) throw this.fault;
    try {
      return this.core.submit(now, scope, requests, inputTokens, outputTokens, custom, priority, deadlineMs, tenant);
    } catch (thrown) {
      throw this.poison(thrown);
    }
  }

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
  ): number {
    if (this.fault !== undefined) throw this.fault;
    try {
      addAwaitedTables(this.module);
      return this.core.submitRequest(
        now,
        method,
        url,
        headers,
        body,
        replayable,
        priority,
        deadlineMs,
        requests,
        inputTokens,
        outputTokens,
        custom,
        askedAt,
        counted,
        tenant,
      );
    } catch (thrown) {
      throw this.poison(thrown);
    }
  }

  estimate(
    now: number,
    scope: number,
    requests: number,
    inputTokens: number,
    outputTokens: number,
    custom: number,
    priority: number,
    tenant: string | undefined,
  ): number {
    return this.guarded(() =>
      this.core.estimate(now, scope, requests, inputTokens, outputTokens, custom, priority, tenant),
    );
  }

  outlook(now: number, ticket: number): number {
    return this.guarded(() => this.core.outlook(now, ticket));
  }

  position(): number {
    return this.guarded(() => this.core.position());
  }

  takeQuestion(): Question {
    return this.guarded(() => this.core.takeQuestion());
  }

  handleCount(now: number, url: string, status: number, body: Uint8Array): number {
    return this.guarded(() => this.core.handleCount(now, url, status, body));
  }

  poll(): number {
    if (this.fault !== undefined) throw this.fault;
    try {
      return this.core.poll();
    } catch (thrown) {
      throw this.poison(thrown);
    }
  }

  takeRefusal(): Refusal {
    return this.guarded(() => this.core.takeRefusal());
  }

  takeEvent(): TidegateEvent {
    return this.guarded(() => this.core.takeEvent());
  }

  timeoutMs(now: number): number {
    if (this.fault !== undefined) throw this.fault;
    try {
      return this.core.timeoutMs(now);
    } catch (thrown) {
      throw this.poison(thrown);
    }
  }

  handleTimeout(now: number): void {
    this.guarded(() => this.core.handleTimeout(now));
  }

  look(now: number, ticket: number, isTold: boolean): number {
    return this.guarded(() => this.core.look(now, ticket, isTold));
  }

  cancel(now: number, ticket: number, isSent: boolean): boolean {
    return this.guarded(() => this.core.cancel(now, ticket, isSent));
  }

  handleResponse(now: number, wallNow: number, ticket: number, status: number, headers: string): number {
    return this.guarded(() => this.core.handleResponse(now, wallNow, ticket, status, headers));
  }

  handleBody(
    now: number,
    wallNow: number,
    ticket: number,
    status: number,
    headers: string,
    body: Uint8Array,
  ): number {
    return this.guarded(() => this.core.handleBody(now, wallNow, ticket, status, headers, body));
  }

  handleFailure(now: number, ticket: number): number {
    return this.guarded(() => this.core.handleFailure(now, ticket));
  }

  chunk(now: number, ticket: number, bytes: Uint8Array): void {
    this.guarded(() => this.core.chunk(now, ticket, bytes));
  }

  finish(now: number, ticket: number, complete: boolean): void {
    this.guarded(() => this.core.finish(now, ticket, complete));
  }

  extendBy(now: number, ticket: number, usage: BodyUsage | null): void {
    this.checked(() => this.core.extendBy(now, ticket, usage));
  }

  finishWith(now: number, ticket: number, complete: boolean, usage: BodyUsage | null): void {
    this.checked(() => this.core.finishWith(now, ticket, complete, usage));
  }

  settle(
    now: number,
    ticket: number,
    requests: number,
    inputTokens: number,
    outputTokens: number,
    custom: number,
  ): void {
    this.guarded(() => this.core.settle(now, ticket, requests, inputTokens, outputTokens, custom));
  }

  release(ticket: number): boolean {
    if (this.fault !== undefined) throw this.fault;
    try {
      return this.core.release(ticket);
    } catch (thrown) {
      throw this.poison(thrown);
    }
  }

  snapshot(now: number): Snapshot {
    return this.guarded(() => this.core.snapshot(now));
  }

  save(now: number, wallNow: number): Saved {
    return this.guarded(() => this.core.save(now, wallNow));
  }

  restore(now: number, wallNow: number, saved: Saved, keepsInFlight: boolean): void {
    this.checked(() => this.core.restore(now, wallNow, saved, keepsInFlight));
  }

  inFlightTickets(): Uint32Array {
    return this.guarded(() => this.core.inFlightTickets());
  }

  pause(): void {
    this.guarded(() => this.core.pause());
  }

  resume(now: number): void {
    this.guarded(() => this.core.resume(now));
  }

  drain(): void {
    this.guarded(() => this.core.drain());
  }

  close(now: number): void {
    this.guarded(() => this.core.close(now));
  }

  private guarded<T>(call: () => T): T {
    if (this.fault !== undefined) throw this.fault;
    try {
      return call();
    } catch (thrown) {
      throw this.poison(thrown);
    }
  }

  /** The same where the core may find something wrong with what it was given, which is no defect of it. */
  private checked(call: () => void): void {
    if (this.fault !== undefined) throw this.fault;
    try {
      call();
    } catch (thrown) {
      throw optionErrorOf(thrown) ?? this.poison(thrown);
    }
  }

  private poison(thrown: unknown): CoreError {
    this.fault = coreErrorOf(thrown);
    this.onFault(this.fault);
    return this.fault;
  }
}
