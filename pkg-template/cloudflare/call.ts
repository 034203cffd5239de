import { type AbortHandler, AbortWatch } from "../glue/abort.js";
import { BodySource, discard, ignore } from "../glue/body.js";
import {
  type BodyUsage,
  type CoreUsage,
  DELIVER,
  loadedCore,
  NEEDS_BODY,
  OBSERVE,
  type Question,
  type RequestBody,
  requestHeaderNames,
  RETRY,
} from "../glue/core.js";
import { NOTHING_STATED } from "../glue/cost.js";
import { headerLines, responseHeaderLines } from "../glue/headers.js";
import { NORMAL, type ResolvedHints } from "../glue/hints.js";
import { type BodyListener, BodyTap, observedStream } from "../glue/observe.js";
import type { Fetch } from "../glue/options.js";
import type { OutgoingRequest } from "../glue/request.js";
import { isReplaceable, withBody } from "../glue/response.js";
import { type Desk, Place, type Started, type Submission } from "./place.js";
import { MAX_BODY_BYTES, type Message } from "./protocol.js";
import { restoredUrl, shownUrl } from "./url.js";

/** One call of a shared limiter's `fetch`: its turns come from the object, and all else happens here. */
export class SharedCall implements AbortHandler, BodyListener, Submission {
  bytes: string | Uint8Array | undefined;
  private readonly desk: Desk;
  private readonly upstream: Fetch | undefined;
  private readonly request: OutgoingRequest;
  private readonly hints: ResolvedHints;
  private readonly place: Place;
  private body: RequestBody = null;
  private counted: number | null = null;
  private start = 0;
  private isSent = false;
  private isAborted = false;
  private watch: AbortWatch | undefined;
  private reject: ((reason: unknown) => void) | undefined;
  /** Aborts the attempts when they must obey signals that the request itself does not carry. */
  private controller: AbortController | undefined;
  private source: BodySource | undefined;
  private asking: AbortController | undefined;
  private usage: CoreUsage | undefined;
  /** What the object makes of an answer that is delivered before it says so. */
  private reported: Promise<number> = Promise.resolve(OBSERVE);

  constructor(desk: Desk, upstream: Fetch | undefined, request: OutgoingRequest, hints: ResolvedHints) {
    this.desk = desk;
    this.upstream = upstream;
    this.request = request;
    this.hints = hints;
    this.place = new Place(desk);
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
    this.isAborted = true;
    this.reject?.(reason);
    this.place.cancel(reason, this.isSent);
    this.asking?.abort(reason);
    this.controller?.abort(reason);
    this.source?.cancel(reason).catch(ignore);
    this.request.done();
  }

  private async run(): Promise<Response> {
    try {
      const body = this.request.readBody();
      this.body = body instanceof Promise ? await body : body;
      this.bytes = shownBody(this.body);
      for (;;) {
        const turn = await this.place.turn(this);
        const response = await this.attempt(turn);
        if (response === undefined) continue;
        this.request.done();
        return response;
      }
    } catch (error) {
      // Refused, or not to be reached, or what a foreign fetch answered with was no Response.
      void this.place.end(this.isSent ? { type: "cancel", id: this.place.id, isSent: true } : undefined);
      throw error;
    }
  }

  message(ageMs: number): Message {
    const { hints, request } = this;
    const isEmpty = this.body === null;
    return {
      type: "request",
      id: this.place.id,
      ageMs,
      method: request.method,
      url: shownUrl(request.url),
      headers: headerLines(request.headers, requestHeaderNames()),
      body: isEmpty ? "none" : this.bytes === undefined ? "hidden" : "sent",
      replayable: request.replayable,
      priority: hints.priority ?? NORMAL,
      deadlineMs: hints.deadlineMs ?? null,
      tenant: hints.tenant ?? "",
      cost: hints.cost,
      counted: this.counted,
    };
  }

  /** Asks the provider, as a call of its own, how large this one is. */
  async answer({ url, body, maxWaitMs }: Question): Promise<void> {
    const { desk, request, upstream } = this;
    const { clock } = desk;
    this.counted = NOT_COUNTED;
    const asking = new AbortController();
    this.asking = asking;
    const signals = [asking.signal];
    const hints = { ...this.hints, deadlineMs: maxWaitMs, signals, cost: NOTHING_STATED };
    const asked = restoredUrl(url, request.url);
    const question = new SharedCall(desk, upstream, request.question(asked, body), hints);
    const timer = clock.setTimer(() => asking.abort(new Error("the answer is not waited for any longer")), maxWaitMs);
    let status = 0;
    let beginning: Uint8Array = new Uint8Array(0);
    try {
      const response = await question.runWatched(signals);
      status = response.status;
      if (isReplaceable(response)) {
        const source = new BodySource(response.body);
        beginning = await source.peek(loadedCore().bodyPeekBytes(), clock);
        source.cancel().catch(ignore);
      }
    } catch {
      // Whatever is wrong with the question is not wrong with the call.
    } finally {
      clock.clearTimer(timer);
      this.asking = undefined;
    }
    // Of a question that never left, or that the caller took back, there is nothing to learn.
    if (this.isAborted || !question.isSent) return;
    const answer = await this.place.ask({ type: "count", url, status }, beginning).catch(ignore);
    if (answer?.state === "counted") this.counted = answer.tokens;
  }

  usageSoFar(): BodyUsage | null {
    return this.usage?.usage() ?? null;
  }

  chunk(_ticket: number, bytes: Uint8Array): void {
    this.usage?.chunk(bytes);
  }

  /** The body is over. It may be so before the object has heard of its beginning. */
  finish(_ticket: number, complete: boolean): void {
    const usage = this.usage?.usage() ?? null;
    this.usage?.free();
    this.usage = undefined;
    const ended: Message = { type: "ended", id: this.place.id, complete, usage };
    void this.reported.then((verdict) => this.place.end(verdict === DELIVER ? undefined : ended));
  }

  /** Undefined when the call has to wait for another turn. */
  private async attempt(turn: Started): Promise<Response | undefined> {
    this.stopIfAborted();
    this.start = turn.start;
    this.isSent = true;
    let response: Response;
    try {
      response = await this.request.send(this.upstream ?? globalThis.fetch);
    } catch (failure) {
      if (!this.isAborted && (await this.isRepeated())) return undefined;
      throw failure;
    }
    if (this.isAborted) discard(response);
    this.stopIfAborted();
    return this.judge(turn, response);
  }

  /** Whether an attempt without an answer is made again. */
  private async isRepeated(): Promise<boolean> {
    const { id } = this.place;
    if (this.upstream === undefined && this.request.isMalformed()) {
      this.isSent = false;
      await this.place.end({ type: "cancel", id, isSent: false });
      return false;
    }
    const verdict = await this.place.verdict({ type: "failed", id, start: this.start });
    this.stopIfAborted();
    if (verdict === RETRY) this.isSent = false;
    else await this.place.end();
    return verdict === RETRY;
  }

  private async judge(turn: Started, response: Response): Promise<Response | undefined> {
    const { status } = response;
    const headers = responseHeaderLines(response.headers);
    const answered: Message = { type: "answered", id: this.place.id, start: this.start, status, headers };
    if (turn.servedIsFinal && status < 400) {
      // Not to be waited for: what the caller gets does not depend on it.
      this.reported = this.place.verdict(answered, undefined, OBSERVE);
      return this.deliver(response, true);
    }
    let verdict = await this.place.verdict(answered);
    this.stopIfAborted(response);
    if (verdict === NEEDS_BODY) {
      const beginning = await this.peek(response);
      this.stopIfAborted();
      verdict = await this.place.verdict(answered, beginning);
      this.stopIfAborted();
    }
    if (verdict === RETRY) {
      this.isSent = false;
      if (this.source === undefined) discard(response);
      else this.source.cancel().catch(ignore);
      this.source = undefined;
      return undefined;
    }
    if (verdict === DELIVER) void this.place.end();
    return this.deliver(response, verdict !== DELIVER);
  }

  private async peek(response: Response): Promise<Uint8Array> {
    if (!isReplaceable(response)) return new Uint8Array(0);
    this.source = new BodySource(response.body);
    return this.source.peek(loadedCore().bodyPeekBytes(), this.desk.clock);
  }

  /** The server's own response; around its body, where somebody must be told of it or has looked at it. */
  private deliver(response: Response, observe: boolean): Response {
    const tap = new BodyTap(this, observe ? 0 : undefined, this.watch);
    const untouched = !observe && this.source === undefined && this.controller === undefined;
    if (untouched || !(this.source !== undefined || isReplaceable(response))) {
      tap.finish(true);
      return response;
    }
    if (observe) this.usage = usageReader(response.headers.get("content-type"));
    const source = this.source ?? new BodySource(response.body as ReadableStream<Uint8Array>);
    return withBody(response, observedStream(source, tap, this.controller));
  }

  private stopIfAborted(response?: Response): void {
    if (!this.isAborted) return;
    if (response !== undefined && this.source === undefined) discard(response);
    throw new Error("aborted: the caller knows already");
  }
}

/** Undefined where the body says nothing of usage. */
function usageReader(contentType: string | null): CoreUsage | undefined {
  const { CoreUsage } = loadedCore();
  const reader = new CoreUsage(contentType ?? "");
  if (reader.isReadable()) return reader;
  reader.free();
  return undefined;
}

/** What the object may see of a body: nothing of one that cannot be read, or that is too large for it. */
function shownBody(body: RequestBody): string | Uint8Array | undefined {
  if (typeof body === "string") {
    // Of UTF-8, a character has three bytes at most.
    const fits = body.length <= MAX_BODY_BYTES / 3 || new TextEncoder().encode(body).byteLength <= MAX_BODY_BYTES;
    return fits ? body : undefined;
  }
  return body === null || body === undefined || body.byteLength > MAX_BODY_BYTES ? undefined : body;
}

const NOT_COUNTED = -1;
