// A limiter with one place, a call that is given up, others that want the place, and what must hold when all is over.
import assert from "node:assert/strict";
import { getEventListeners } from "node:events";
import { createLimiter } from "tidegate";
import { messagesAnswer, messagesCall, scriptedBody, settled, upstream, VirtualClock } from "./support.mjs";

const encoder = new TextEncoder();
/** Few enough that what some minutes bring back is not one. */
const REQUESTS_A_DAY = 100;

/** What no test of this process may cause. */
const unhandled = [];
process.on("unhandledRejection", (reason) => unhandled.push(reason));

/** Listeners for an abort of `signal`. */
export const listeners = (signal) => getEventListeners(signal, "abort").length;

/** Until every promise that needs nothing but its turn has had it: no timer, no I/O and no other task comes between. */
export async function sameTurn() {
  for (let turn = 0; turn < 20; turn++) await null;
}

/** The world of one cell of the matrix. */
export class World {
  clock = new VirtualClock();
  /** Bodies that the upstream sent in part, in their order. */
  bodies = [];
  /** Those who want the place besides the call, in the order of their arrival, with the permit of whoever has it. */
  #others = [];
  #entered = 0;

  constructor({ answers = [answered], limits = { concurrency: 1, rpd: REQUESTS_A_DAY }, ...options } = {}) {
    this.fetch = upstream(...answers.map((answer) => (input, init) => answer(signalOf(input, init), this)));
    this.limiter = createLimiter({
      fetch: this.fetch,
      clock: this.clock,
      seed: 1,
      limits: { default: limits },
      ...options,
    });
  }

  /** Somebody takes the place, or waits for it behind all who are there. */
  enter() {
    const other = { permit: undefined };
    this.limiter.acquire().then((permit) => {
      other.permit = permit;
    });
    this.#others.push(other);
    this.#entered += 1;
  }

  /** Whoever has the place gives it back. */
  release() {
    this.#others.find(({ permit }) => permit !== undefined).permit.release();
    this.#others.shift();
  }

  /** Nobody but the others waits or is in flight: to be asked in the same tick as the abort. */
  assertPlaceIsFree() {
    const { waiting, inFlight } = this.counts();
    assert.equal(waiting + inFlight, this.#others.length, "the call still waits or is in flight");
    if (this.#others.length > 0) assert.equal(inFlight, 1, "a place is free and somebody waits");
  }

  /** Each of the others gets the place in the same turn in which the one before gives it back. */
  async assertOthersFollow() {
    while (this.#others.length > 0) {
      await sameTurn();
      assert.deepEqual(this.#others.map(({ permit }) => permit !== undefined), this.#others.map((_, index) => index === 0));
      this.release();
    }
  }

  counts() {
    const { waiting, scopes } = this.limiter.snapshot();
    return { waiting, inFlight: scopes.reduce((sum, scope) => sum + scope.inFlight, 0) };
  }

  /** Requests that are missing of the quota, besides those of the others, once these are gone; null without a quota. */
  charged() {
    const quota = this.#limit("requests");
    return quota === undefined ? null : Math.round(REQUESTS_A_DAY - quota.available) - this.#entered;
  }

  /** Nothing waits, is in flight, reserved or armed, and nothing happens any more. */
  async assertNothingIsLeft() {
    await settled();
    assert.deepEqual(this.counts(), { waiting: 0, inFlight: 0 });
    assert.equal(this.#limit("concurrency").available, 1);
    assert.equal(this.clock.armed, 0, "a timer is left");
    const { length } = this.fetch.calls;
    await this.clock.advance(600_000);
    assert.equal(this.fetch.calls.length, length, "something was sent later");
    assert.equal(this.limiter.snapshot().waiting, 0);
    assert.deepEqual(unhandled.splice(0), []);
  }

  #limit(dimension) {
    const [scope] = this.limiter.snapshot().scopes;
    return scope.limits.find((limit) => limit.dimension === dimension);
  }
}

/** A call of a way in, and how its caller gives it up. */
export class GivenUp {
  promise;
  /** What became of the promise. */
  outcome;
  /** Signals of which the limiter must leave nothing, with what they had before. */
  #before;

  /**
   * @param call makes the call.
   * @param giveUp aborts it.
   * @param signals all whose listeners are counted.
   * @param reason what the caller is told; a function tells whether it is that.
   * @param cameTooSoon whether it was given up before it was to be: of ways in that have their own time.
   */
  constructor({ call, giveUp, signals = [], reason, cameTooSoon = () => false }) {
    this.call = call;
    this.giveUp = giveUp;
    this.cameTooSoon = cameTooSoon;
    this.reason = reason;
    this.#before = signals.map((signal) => [signal, listeners(signal)]);
  }

  start() {
    this.promise = this.call();
    this.outcome = this.promise.then(
      (value) => ({ value }),
      (error) => ({ error }),
    );
  }

  /** `error` is what the signal gave as its reason: the same thing, not one like it. */
  assertIsReason(error) {
    if (typeof this.reason === "function") assert.ok(this.reason(error), String(error));
    else assert.ok(error === this.reason, `not the signal's own reason: ${error}`);
  }

  assertNoListeners() {
    // A Request listens to the signal that it was made with, until that aborts.
    for (const [signal, before] of this.#before) assert.ok(listeners(signal) <= before, "a listener is left");
  }
}

function signalOf(input, init) {
  return init?.signal ?? input.signal;
}

// Answers: functions of the signal of the attempt, and of the world.

/** The whole answer at once. */
export const answered = () => messagesAnswer();

/** No answer; an abort ends it, as in the runtime's own fetch. */
export const silent = (signal) =>
  new Promise((_, reject) => {
    if (signal?.aborted) return reject(signal.reason);
    signal?.addEventListener("abort", () => reject(signal.reason), { once: true });
  });

/** No answer, whatever happens, until {@link World.late} brings one. */
export const deaf = (_signal, world) =>
  new Promise((resolve) => {
    world.late = () => resolve(streaming(undefined, world));
  });

/** A fault of the server, after which the call is tried again later. */
export const failing = () => new Response("no", { status: 500 });

/** The beginning of an answer whose end does not come. */
export const streaming = (_signal, world) => partial(world, "text/event-stream", { status: 200 });

/** A refusal that says in its body why, and whose body does not end. */
export const refusing = (_signal, world) => partial(world, "application/json", { status: 429 });

function partial(world, type, init) {
  const { stream, log } = scriptedBody([encoder.encode(type.includes("json") ? "{" : "event: ping\n\n")], { end: false });
  world.bodies.push(log);
  return new Response(stream, { ...init, headers: { "content-type": type } });
}

/** A request so large that its provider is asked to count it. */
export const largeCall = (init) => {
  const text = "The tide turns twice a day, and so does the traffic. ".repeat(200);
  const body = JSON.stringify({ model: "claude-test-1", max_tokens: 16, messages: [{ role: "user", content: text }] });
  return messagesCall({ body, ...init });
};
