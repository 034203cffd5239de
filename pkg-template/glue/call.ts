import { type AbortHandler, AbortWatch } from "./abort.js";
import { AttemptTimer } from "./attempt-timer.js";
import { BodySource, discard, ignore } from "./body.js";
import {
  COUNT_FIRST,
  DELIVER,
  loadedCore,
  NEEDS_BODY,
  OBSERVE,
  type Question,
  type RequestBody,
  requestHeaderNames,
  RETRY,
} from "./core.js";
import { NOT_STATED, NOTHING_STATED } from "./cost.js";
import type { Driver } from "./driver.js";
import { CoreError } from "./errors.js";
import { headerLines, responseHeaderLines } from "./headers.js";
import type { ResolvedHints } from "./hints.js";
import { BodyTap, observedStream } from "./observe.js";
import type { Fetch } from "./options.js";
import type { OutgoingRequest } from "./request.js";
import { isReplaceable, withBody } from "./response.js";

/** One call of `fetch`, from the queue to its delivery, over all its attempts. */
export class Call implements AbortHandler {
  private readonly driver: Driver;
  private readonly upstream: Fetch | undefined;
  private readonly request: OutgoingRequest;
  private readonly hints: ResolvedHints;
  private ticket = 0;
  private submitted = false;
  private sent = false;
  /** Whether anything was sent since the ticket last started. */
  private underWay = false;
  private aborted = false;
  private watch: AbortWatch | undefined;
  private reject: ((reason: unknown) => void) | undefined;
  /** Aborts the attempts when they must obey what the request itself does not carry: signals of hints, and the timer. */
  private controller: AbortController | undefined;
  /** Ends the attempt under way when its answer does not begin in time. */
  private timer: AttemptTimer | undefined;
  private source: BodySource | undefined;
  /** Gives up the question that goes before the call. */
  private asking: AbortController | undefined;

  constructor(driver: Driver, upstream: Fetch | undefined, request: OutgoingRequest, hints: ResolvedHints) {
    this.driver = driver;
    this.upstream = upstream;
    this.request = request;
    this.hints = hints;
  }

  runWatched(signals: readonly AbortSignal[]): Promise<Response> {
    if (this.hints.signals.length > 0) {
      this.controller = new AbortController();
      this.request.replaceSignal(this.controller.signal);
    }
    return new Promise((resolve, reject) => {
      this.reject = reject;
      this.watch = new AbortWatch(signals, this);
      this.run().then(resolve, (error) => {
        this.watch?.stop();
        reject(error);
      });
    });
  }

  /** The caller gave up: told at once. What is under way notices when it comes back, and ends without effect. */
  abort(reason: unknown): void {
    this.aborted = true;
    this.reject?.(reason);
    this.timer?.stop();
    if (this.submitted) this.driver.cancel(this.ticket, this.underWay);
    this.asking?.abort(reason);
    this.controller?.abort(reason);
    this.source?.cancel(reason).catch(ignore);
    this.request.done();
  }

  async run(): Promise<Response> {
    const body = this.request.readBody();
    let started = this.submit(body instanceof Promise ? await body : body);
    for (;;) {
      await started;
      this.stopIfAborted();
      this.hints.turn?.starts();
      const outcome = await this.attempt();
      if (outcome instanceof Restart) {
        started = outcome.started;
        continue;
      }
      this.request.done();
      return outcome;
    }
  }

  private submit(body: RequestBody, askedAt = NOT_ASKED, counted = NOT_STATED): Promise<unknown> {
    this.stopIfAborted();
    const { driver, hints, request } = this;
    const lines = headerLines(request.headers, requestHeaderNames());
    const now = driver.clock.now();
    const ticket = driver.submitRequest(
      now,
      request.method,
      request.url,
      lines,
      body,
      request.replayable,
      hints,
      askedAt,
      counted,
    );
    if (ticket === COUNT_FIRST) {
      return this.count(driver.core.takeQuestion()).then((tokens) => this.submit(body, now, tokens));
    }
    this.ticket = ticket;
    this.submitted = true;
    return driver.wait(now, ticket, hints.onWait);
  }

  /** How large the server says that this call is; {@link NOT_STATED} where it does not say, or not in time. */
  private async count({ url, body, maxWaitMs }: Question): Promise<number> {
    const { driver, request, upstream } = this;
    const { clock, core } = driver;
    const asking = new AbortController();
    this.asking = asking;
    const signals = [asking.signal];
    const unwatched = { onWait: undefined, turn: undefined };
    const hints = { ...this.hints, ...unwatched, deadlineMs: maxWaitMs, signals, cost: NOTHING_STATED };
    const question = new Call(driver, upstream, request.question(url, body), hints);
    const timer = clock.setTimer(() => asking.abort(new Error("the answer is not waited for any longer")), maxWaitMs);
    let status = 0;
    let answer: Uint8Array = new Uint8Array(0);
    try {
      const response = await question.runWatched(signals);
      status = response.status;
      if (isReplaceable(response)) {
        const source = new BodySource(response.body);
        answer = await source.peek(loadedCore().bodyPeekBytes(), clock);
        source.cancel().catch(ignore);
      }
    } catch {
      // Whatever is wrong with the question is not wrong with the call.
    } finally {
      clock.clearTimer(timer);
      this.asking = undefined;
    }
    // Of a question that never left, or that the caller took back, there is nothing to learn.
    return this.aborted || !question.sent ? NOT_STATED : core.handleCount(clock.now(), url, status, answer);
  }

  private async attempt(): Promise<Response | Restart> {
    this.sent = true;
    this.underWay = true;
    let response: Response;
    try {
      response = await this.send();
    } catch (failure) {
      const restart = this.aborted ? undefined : this.judgeFailure();
      if (restart === undefined) throw failure;
      return restart;
    }
    if (this.aborted) discard(response);
    this.stopIfAborted();
    try {
      return await this.judge(response);
    } catch (error) {
      // What a foreign fetch answered with was no Response. The call is over all the same.
      this.driver.cancel(this.ticket, true);
      throw error;
    }
  }

  private send(): Promise<Response> {
    const { driver, request } = this;
    const { attemptTimeoutMs = Infinity } = this.hints;
    const upstream = this.upstream ?? globalThis.fetch;
    if (attemptTimeoutMs === Infinity) return request.send(upstream);
    // One that has aborted an attempt is of no use for the next.
    const controller = new AbortController();
    this.controller = controller;
    request.replaceSignal(controller.signal);
    this.timer = new AttemptTimer(driver.clock, attemptTimeoutMs, controller);
    return this.timer.hold(request.send(upstream));
  }

  private judgeFailure(): Restart | undefined {
    const { driver, ticket } = this;
    if (this.upstream === undefined && this.request.isMalformed()) {
      driver.cancel(ticket, false);
      return undefined;
    }
    const now = driver.clock.now();
    const verdict = orDeliver(() => driver.core.handleFailure(now, ticket));
    if (verdict === RETRY) return this.restart(now);
    driver.ended(ticket);
    driver.pump(now);
    return undefined;
  }

  private async judge(response: Response): Promise<Response | Restart> {
    const { driver, ticket } = this;
    const { clock, core } = driver;
    const { status } = response;
    const lines = responseHeaderLines(response.headers);
    let now = clock.now();
    let verdict = orDeliver(() => core.handleResponse(now, clock.wallNow(), ticket, status, lines));
    if (verdict === NEEDS_BODY) {
      const beginning = await this.peek(response);
      this.stopIfAborted();
      now = clock.now();
      verdict = orDeliver(() => core.handleBody(now, clock.wallNow(), ticket, status, lines, beginning));
    }
    if (verdict === RETRY) {
      // Waited for in the same breath: any other call may make the core start it.
      const restart = this.restart(now);
      if (this.source === undefined) discard(response);
      else this.source.cancel().catch(ignore);
      this.source = undefined;
      return restart;
    }
    if (verdict === DELIVER) driver.ended(ticket);
    driver.pump(now);
    return this.deliver(response, verdict === OBSERVE);
  }

  /** The ticket waits again, or has started already. */
  private restart(now: number): Restart {
    this.underWay = false;
    return new Restart(this.driver.wait(now, this.ticket, this.hints.onWait));
  }

  private async peek(response: Response): Promise<Uint8Array> {
    if (!isReplaceable(response)) return new Uint8Array(0);
    this.source = new BodySource(response.body);
    return this.source.peek(loadedCore().bodyPeekBytes(), this.driver.clock);
  }

  /** The server's own response; around its body, where somebody must be told of it or has looked at it. */
  private deliver(response: Response, observe: boolean): Response {
    const tap = new BodyTap(this.driver, observe ? this.ticket : undefined, this.watch);
    const linked = this.watch !== undefined && this.controller !== undefined;
    const untouched = !observe && this.source === undefined && !linked;
    if (untouched || !(this.source !== undefined || isReplaceable(response))) {
      tap.finish(true);
      return response;
    }
    const source = this.source ?? new BodySource(response.body as ReadableStream<Uint8Array>);
    return withBody(response, observedStream(source, tap, this.controller));
  }

  private stopIfAborted(): void {
    if (this.aborted) throw new Error("aborted: the caller knows already");
  }
}

/** For {@link Driver.submitRequest}: the first time. */
const NOT_ASKED = Number.NaN;

/** The verdict that the ticket is queued again; wrapped, as a bare promise would be awaited on its way. */
class Restart {
  readonly started: Promise<unknown>;

  constructor(started: Promise<unknown>) {
    this.started = started;
  }
}

/** The core's verdict. When it fails, what the server said is delivered all the same: it has been paid for. */
function orDeliver(judge: () => number): number {
  try {
    return judge();
  } catch (error) {
    if (error instanceof CoreError) return DELIVER;
    throw error;
  }
}
