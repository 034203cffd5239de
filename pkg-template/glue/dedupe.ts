import { abortedSignal, AbortWatch } from "./abort.js";
import { BodySource, discard } from "./body.js";
import type { RequestBody } from "./core.js";
import type { Driver } from "./driver.js";
import type { Send } from "./fetch.js";
import { isHintHeader } from "./headers.js";
import { isMoreUrgent, NO_DEADLINE, type ResolvedHints } from "./hints.js";
import { watchedResponse } from "./observe.js";
import type { OutgoingRequest } from "./request.js";
import { isReplaceable, withBody } from "./response.js";
import { SharedBody } from "./shared-body.js";
import type { OnWait, Standing } from "./standing.js";
import type { Turn } from "./turn.js";
import { callReporting } from "./uncaught.js";

/** The answer of a call that is the same as this one and in flight; else sends this one, for all that come to share it. */
export async function shareAnswer(
  driver: Driver,
  request: OutgoingRequest,
  hints: ResolvedHints,
  signals: readonly AbortSignal[],
  send: Send,
): Promise<Response> {
  const reading = request.readBody();
  const body = reading instanceof Promise ? await reading : reading;
  const aborted = abortedSignal(signals);
  if (aborted !== undefined) throw aborted.reason;
  if (body === undefined) return send(request, hints, signals);
  const identity = new Identity(request, body);
  const owner = driver.ownerOfAnswers();
  if (owner === undefined) return send(request, hints, signals);
  const calls = inFlight(owner);
  const same = calls.get(identity.head)?.find((call) => call.takes(identity, hints));
  const shared = same ?? new SharedCall(driver, calls, identity, send);
  return shared.join(request, hints, signals);
}

/** Calls in flight whose answer may be shared, by {@link Identity.head}. */
type InFlight = Map<string, SharedCall[]>;

/** By whom the driver says that answers belong to. */
const allInFlight = new WeakMap<object, InFlight>();

function inFlight(owner: object): InFlight {
  let calls = allInFlight.get(owner);
  if (calls === undefined) {
    calls = new Map();
    allInFlight.set(owner, calls);
  }
  return calls;
}

/** What makes two requests the same. In memory only while a call is in flight, as it holds credentials. */
class Identity {
  readonly head: string;
  private readonly body: RequestBody;
  private readonly manner: readonly unknown[];

  constructor(request: OutgoingRequest, body: RequestBody) {
    let head = `${request.method} ${request.url}`;
    request.headers.forEach((value, name) => {
      if (!isHintHeader(name)) head += `\n${name}: ${value}`;
    });
    this.head = head;
    // The caller may write into its bytes once the answer is there, or before.
    this.body = body instanceof Uint8Array ? new Uint8Array(body) : body;
    this.manner = request.manner();
  }

  equals(other: Identity): boolean {
    return (
      this.head === other.head &&
      this.manner.length === other.manner.length &&
      this.manner.every((value, index) => Object.is(value, other.manner[index])) &&
      areSame(this.body, other.body)
    );
  }
}

function areSame(one: RequestBody, other: RequestBody): boolean {
  if (!(one instanceof Uint8Array) || !(other instanceof Uint8Array)) return one === other;
  return one.length === other.length && one.every((byte, index) => byte === other[index]);
}

function deadlineOf({ deadlineMs = NO_DEADLINE }: ResolvedHints): number {
  return deadlineMs;
}

/** Somebody who waits for the answer. */
interface Caller {
  readonly turn: Turn | undefined;
  /** Whose call it was that is told, and in which run. */
  readonly onWait: OnWait | undefined;
  readonly around: ResolvedHints | undefined;
  readonly resolve: (response: Response) => void;
  readonly reject: (reason: unknown) => void;
  watch: AbortWatch | undefined;
}

/** One call for several callers, until its answer begins, or it fails, or all have gone. */
class SharedCall implements Turn {
  private readonly driver: Driver;
  private readonly others: InFlight;
  private readonly identity: Identity;
  private readonly sendCall: Send;
  private readonly callers = new Set<Caller>();
  /** With these the call waits. */
  private hints: ResolvedHints | undefined;
  private deadlineMs = NO_DEADLINE;
  /** When the first caller's deadline is; the others' are as long. */
  private waitEndsAt = Infinity;
  private started = false;
  /** Gives up the call that is under way now. */
  private controller: AbortController | undefined;

  constructor(driver: Driver, calls: InFlight, identity: Identity, send: Send) {
    this.driver = driver;
    this.others = calls;
    this.identity = identity;
    this.sendCall = send;
    const same = calls.get(identity.head);
    if (same === undefined) calls.set(identity.head, [this]);
    else same.push(this);
  }

  /**
   * Whether such a request may join. While the call waits, a deadline of another length would be the wrong one, and until
   * the answer begins another time for that.
   */
  takes(identity: Identity, hints: ResolvedHints): boolean {
    if (!this.started && this.deadlineMs !== deadlineOf(hints)) return false;
    return this.hints?.attemptTimeoutMs === hints.attemptTimeoutMs && this.identity.equals(identity);
  }

  join(request: OutgoingRequest, hints: ResolvedHints, signals: readonly AbortSignal[]): Promise<Response> {
    return new Promise((resolve, reject) => {
      const { turn, onWait } = hints;
      const around = this.driver.context.current();
      const caller: Caller = { turn, onWait, around, resolve, reject, watch: undefined };
      this.callers.add(caller);
      if (signals.length > 0) {
        caller.watch = new AbortWatch(signals, { abort: (reason) => this.leave(caller, reason) });
      }
      if (this.started) hints.turn?.starts();
      if (this.hints === undefined) {
        this.deadlineMs = deadlineOf(hints);
        this.waitEndsAt = this.driver.clock.now() + this.deadlineMs;
        this.send(request, hints);
      } else if (!this.started && isMoreUrgent(hints, this.hints)) {
        this.sendSooner(request, hints);
      } else {
        request.done();
      }
    });
  }

  /** Each caller's turn was told when it called. */
  calls(): void {}

  starts(): void {
    this.started = true;
    for (const { turn } of this.callers) turn?.starts();
  }

  /** The call stands where it stands for all of them; who comes later hears of it when it changes. */
  private tellStanding(standing: Standing): void {
    for (const { onWait, around } of this.callers) {
      if (onWait !== undefined) this.driver.context.within(around, () => callReporting(() => onWait(standing)));
    }
  }

  private send(request: OutgoingRequest, hints: ResolvedHints): void {
    const controller = new AbortController();
    this.controller = controller;
    this.hints = hints;
    const deadlineMs = Math.max(this.waitEndsAt - this.driver.clock.now(), 0);
    // As the request's own signal, it needs no other to be linked to it.
    request.replaceSignal(controller.signal);
    const onWait: OnWait = (standing) => this.tellStanding(standing);
    const own = { ...hints, deadlineMs, signals: [], onWait, turn: this };
    this.sendCall(request, own, [controller.signal]).then(
      (response) => {
        if (this.controller === controller) this.answer(response);
        else discard(response);
      },
      (error) => {
        if (this.controller === controller) this.fail(error);
      },
    );
  }

  /** In place of the waiting call, which has cost nothing, another that waits as the more urgent caller does. */
  private sendSooner(request: OutgoingRequest, hints: ResolvedHints): void {
    const { controller } = this;
    this.controller = undefined;
    controller?.abort();
    this.send(request, hints);
  }

  private answer(response: Response): void {
    this.leaveFlight();
    const { driver } = this;
    const callers = [...this.callers];
    if (callers.length === 0) discard(response);
    if (callers.length > 1 && isReplaceable(response)) {
      const body = new SharedBody(new BodySource(response.body), callers.length);
      // All streams before any is read: each begins at the beginning.
      for (const { resolve, watch } of callers) {
        resolve(watchedResponse(driver, withBody(response, body.stream()), watch));
      }
      return;
    }
    callers.forEach(({ resolve, reject, watch }, index) => {
      try {
        const own = index === callers.length - 1 ? response : response.clone();
        resolve(watchedResponse(driver, own, watch));
      } catch (error) {
        watch?.stop();
        reject(error);
      }
    });
  }

  private fail(error: unknown): void {
    this.leaveFlight();
    for (const { reject, watch } of this.callers) {
      watch?.stop();
      reject(error);
    }
  }

  private leave(caller: Caller, reason: unknown): void {
    caller.reject(reason);
    this.callers.delete(caller);
    if (this.callers.size > 0) return;
    this.leaveFlight();
    this.controller?.abort(reason);
  }

  private leaveFlight(): void {
    const same = this.others.get(this.identity.head)?.filter((call) => call !== this);
    if (same === undefined || same.length === 0) this.others.delete(this.identity.head);
    else this.others.set(this.identity.head, same);
  }
}
