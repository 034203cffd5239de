/// <reference lib="esnext.disposable" preserve="true" />
import { AbortWatch, abortedSignal } from "./abort.js";
import { systemClock } from "./clock.js";
import { HintContext } from "./context.js";
import { loadedCore, providedDriver } from "./core.js";
import { checkCost, type Cost, type CostRecord, NOTHING_STATED } from "./cost.js";
import { Driver } from "./driver.js";
import { OptionError } from "./errors.js";
import type { EventType, Listener } from "./events.js";
import { createFetch } from "./fetch.js";
import {
  type AcquireHints,
  NO_HINTS,
  NORMAL,
  type ResolvedHints,
  resolveHints,
  type ScheduleHints,
  type ViewHints,
} from "./hints.js";
import { type Items, type MapGround, mapItems, type MapOptions, type MapTask } from "./map.js";
import { createMiddleware, type Middleware } from "./middleware.js";
import { type Fetch, type LimiterOptions, splitSeams } from "./options.js";
import type { Permit } from "./permit.js";
import type { Saved } from "./saved.js";
import type { Snapshot } from "./snapshot.js";
import type { Estimate } from "./standing.js";
import type { Turn } from "./turn.js";

/**
 * A limiter, ready at once in every runtime.
 *
 * ```ts
 * const limiter = createLimiter({ limits: { "claude-sonnet-*": { rpm: 1000, itpm: 2_000_000, otpm: 400_000 } } });
 * const claude = new Anthropic({ fetch: limiter.fetch, maxRetries: 0 });
 * ```
 *
 * @throws {OptionError} naming the first wrong option, its value and the fix.
 */
export function createLimiter(options: LimiterOptions = {}): Limiter {
  const { fetch, clock = systemClock, seed, asyncContext, saved, data } = splitSeams(options);
  const module = loadedCore();
  const DriverHere = providedDriver() ?? Driver;
  const driver = new DriverHere(module, data, clock, seed, new HintContext(asyncContext));
  if (saved !== undefined && saved !== null) driver.core.restore(clock.now(), clock.wallNow(), saved, false);
  return new Limiter(driver, fetch, NO_HINTS);
}

/** Made by {@link createLimiter}. Views made by {@link with} share its limits, its queue and its end. */
export class Limiter {
  /**
   * Takes the place of `fetch`: same arguments, same answers, but sent when the limits allow, and again after a refusal.
   * Needs no `this`. Time in the queue passes inside it, and with it the `timeout` of an SDK that calls it: {@link middleware}
   * and the adapters (`tidegate/openai` and others) put the hint `attemptTimeoutMs` in its place.
   * The headers `x-tidegate-priority`, `x-tidegate-tenant`, `x-tidegate-deadline-ms`, `x-tidegate-attempt-timeout-ms`,
   * `x-tidegate-input-tokens`, `x-tidegate-output-tokens` and `x-tidegate-custom` are hints for one call, and not sent.
   *
   * Rejects as {@link acquire} does, or with what the underlying `fetch` throws.
   */
  readonly fetch: Fetch;
  readonly #driver: Driver;
  readonly #hints: ResolvedHints;
  readonly #upstream: Fetch | undefined;
  /** What a call takes that names no cost. */
  readonly #usual: Cost;

  /** @internal */
  constructor(driver: Driver, upstream: Fetch | undefined, hints: ResolvedHints) {
    this.#driver = driver;
    this.#upstream = upstream;
    this.#hints = hints;
    this.#usual = usualCost(hints);
    this.fetch = createFetch(driver, upstream, hints);
  }

  /**
   * The limiter as middleware of Anthropic's SDK, from its version 0.101 on: waits outside of the SDK's timer, which runs
   * anew for each attempt, and signs each attempt when it is sent.
   *
   * ```ts
   * const claude = new Anthropic({ middleware: [limiter.middleware()], maxRetries: 0 });
   * ```
   *
   * The SDK's own timer ends the call with the attempt; what `attemptTimeoutMs` ends, where that is shorter, is tried
   * again. Put it last among several, where it sees the request as it is sent, and give the client no `fetch` of the
   * limiter beside it. A client for Bedrock shows it the request as Anthropic's API has it: make its limiter with
   * `provider: "bedrock"`, so that it charges as Bedrock does. Vertex AI charges as Anthropic.
   *
   * A call rejects as {@link acquire} does, or with what `next` throws.
   */
  middleware(): Middleware {
    return createMiddleware(this.#driver, this.#hints);
  }

  /**
   * A light view with these hints for every call made through it.
   *
   * @throws {OptionError} naming the wrong hint.
   */
  with(hints: ViewHints): Limiter {
    return new Limiter(this.#driver, this.#upstream, resolveHints(hints, this.#hints));
  }

  /**
   * Calls `task` at once and returns what it returns. These hints hold for every call that it causes through this limiter
   * or any view of it, also after awaits and in timers, and for no other limiter.
   *
   * What is said nearer to a call wins: in its own hints or headers, then in the view it is made through, then in the
   * innermost run, then in the runs around it; signals add up. A run of a view has the view's hints too.
   *
   * It needs `AsyncLocalStorage`, which Node, Deno, Bun and Workers with `nodejs_compat` have, and browsers do not. In Node
   * before 24, from the first run on, every await of the program takes some 0.2 to 0.3 µs longer.
   *
   * @throws {OptionError} naming the wrong hint, or `asyncContext` where the runtime shows no `AsyncLocalStorage`.
   */
  run<T>(hints: ViewHints, task: () => T): T {
    if (typeof task !== "function") throw new OptionError("task", task, "Use a function.");
    return this.#driver.context.run(resolveHints(hints, this.#hintsHere()), task);
  }

  /**
   * Waits until a call of this cost may run. End the permit with `settle` or `release`, whatever happens. In Cloudflare
   * Workers a permit belongs to the request in which it was acquired: some twenty seconds after that has ended without
   * ending its permit, the permit ends too, charged as reserved.
   *
   * Rejects with {@link OptionError}, {@link InsufficientCapacityError}, {@link QueueFullError}, {@link DeadlineError},
   * {@link DrainingError}, {@link ClosedError}, {@link AbandonedError}, {@link CoreError}, or the reason of the signal.
   */
  acquire(cost?: Cost, hints?: AcquireHints): Promise<Permit> {
    try {
      const resolved = this.#resolved(hints);
      const { signals, onWait, turn } = resolved;
      const aborted = abortedSignal(signals);
      if (aborted !== undefined) return Promise.reject(aborted.reason);
      turn?.calls();
      const now = this.#driver.clock.now();
      const taken = cost === undefined ? this.#usualOf(resolved) : cost;
      const permit = this.#grant(now, taken, resolved);
      if (permit !== undefined) return Promise.resolve(permit);
      const scope = resolved.model === undefined ? DEFAULT_SCOPE : this.#driver.core.scope(resolved.model);
      const ticket = this.#driver.submit(now, scope, recordOf(taken), resolved);
      const started =
        signals.length === 0
          ? this.#driver.wait(now, ticket, onWait)
          : waitWatched(this.#driver, now, ticket, resolved);
      return turn === undefined ? started : toldAtStart(started, turn);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /**
   * A permit if a call of this cost may run now and nobody is passed over; else undefined, and nothing is queued.
   *
   * @throws {OptionError} for a wrong cost or hint.
   * @throws {InsufficientCapacityError} when the cost can never fit.
   * @throws {DrainingError} after {@link drain}.
   * @throws {ClosedError} after {@link close}.
   * @throws {CoreError} when the limiter has failed.
   */
  tryAcquire(cost?: Cost, hints?: AcquireHints): Permit | undefined {
    const resolved = this.#resolved(hints);
    resolved.turn?.calls();
    const now = this.#driver.clock.now();
    return this.#grant(now, cost === undefined ? this.#usualOf(resolved) : cost, resolved);
  }

  /**
   * When a call of this cost would start if it came now, from who is before it, what the limits give, and how long calls
   * have taken lately. Nothing is queued. For a call that waits there is the hint `onWait`.
   *
   * @throws as {@link tryAcquire} does.
   */
  estimate(cost?: Cost, hints?: AcquireHints): Estimate {
    const now = this.#driver.clock.now();
    const resolved = this.#resolved(hints);
    const asked = cost === undefined ? this.#usualOf(resolved) : cost;
    checkCost(asked);
    const scope = resolved.model === undefined ? DEFAULT_SCOPE : this.#scopeOf(now, resolved.model);
    return { waitMs: this.#driver.estimate(now, scope, recordOf(asked), resolved) };
  }

  /**
   * Runs `task` when it may run, and releases its permit when it has ended. A task that knows better settles the permit
   * it is given. Rejects as {@link acquire} does, or with what the task throws.
   */
  async schedule<T>(task: (permit: Permit) => T | PromiseLike<T>, hints?: ScheduleHints): Promise<T> {
    const permit = await this.acquire(hints?.cost, hints);
    const aborted = hints?.signal?.aborted ? hints.signal : abortedSignal(this.#hints.signals);
    if (aborted !== undefined) {
      // In the turn in which the task was to start: what was taken for it is given back.
      permit.settle(NO_COST);
      throw aborted.reason;
    }
    try {
      return await task(permit);
    } finally {
      permit.release();
    }
  }

  /**
   * Runs `task` for every item when it may run, and resolves to what the tasks answered, in the order of the items. An item
   * has a permit of `cost` before its task begins, released when it has ended, as in {@link schedule}; a call that the task
   * makes through this limiter, any of its views or the one it is given takes that place. Where there is no
   * AsyncLocalStorage (see {@link run}), only the view that it is given does. Items are read as they are needed: at most
   * `ahead` of them wait.
   *
   * Rejects with a {@link MapError}, which holds what was done until then, when an item failed, the items could not be
   * read, or the limiter was closed; with {@link OptionError}; or at once with the reason of the signal.
   */
  async map<T, R>(
    items: Items<T>,
    task: MapTask<T, R>,
    options: MapOptions<T> = {},
  ): Promise<R[]> {
    const { clock, context } = this.#driver;
    const ground: MapGround = {
      clock,
      hints: this.#hintsHere(),
      view: (hints) => new Limiter(this.#driver, this.#upstream, hints),
      within: (hints, callback) => context.runIfPossible(hints, callback),
    };
    return mapItems(ground, items, task, options);
  }

  /**
   * The state of every scope, its limits and its queue, now.
   *
   * @throws {CoreError} when the limiter has failed.
   */
  snapshot(): Snapshot {
    return this.#driver.core.snapshot(this.#driver.clock.now());
  }

  /**
   * Where every quota stands now, for the limiter that comes after this one as its option `saved`: in the same process, or in
   * the next, to which it may go as JSON. Calls that wait are not in it.
   *
   * @throws {CoreError} when the limiter has failed.
   */
  save(): Saved {
    const { clock, core } = this.#driver;
    return core.save(clock.now(), clock.wallNow());
  }

  /**
   * Calls `listener` at each event of this type, from inside the limiter's loop: keep it short. In Cloudflare Workers that is
   * in whichever request the event came up, or in none: there it can only look and count.
   *
   * @returns a function that removes the listener.
   * @throws {OptionError} for a type that does not exist.
   */
  on<T extends EventType>(type: T, listener: Listener<T>): () => void {
    return this.#driver.events.on(type, listener);
  }

  /**
   * Lets nothing start until {@link resume}. What is in flight goes on, and what comes meanwhile waits, within its deadline.
   * Harmless when repeated.
   *
   * @throws {CoreError} when the limiter has failed.
   */
  pause(): void {
    this.#driver.pause();
  }

  /**
   * Ends {@link pause}. Harmless when repeated.
   *
   * @throws {CoreError} when the limiter has failed.
   */
  resume(): void {
    this.#driver.resume();
  }

  /**
   * Finishes what waits and what is in flight, retries included, and rejects every later call with a
   * {@link DrainingError}. Resolves when the last call has ended; there is no way back. What is paused stays so until
   * {@link resume}; {@link close} gives up what still waits.
   *
   * Rejects with a {@link CoreError} when the limiter has failed.
   */
  async drain(): Promise<void> {
    await this.#driver.drain();
  }

  /**
   * Rejects what waits and every later call with a {@link ClosedError}. What is in flight goes on to its end.
   * Harmless when repeated.
   *
   * @throws {CoreError} when the limiter has failed.
   */
  close(): void {
    this.#driver.close();
  }

  /** The hints of a call that is made here and now. */
  #resolved(hints: AcquireHints | undefined): ResolvedHints {
    const around = this.#hintsHere();
    return hints === undefined ? around : resolveHints(hints, around);
  }

  #hintsHere(): ResolvedHints {
    return this.#driver.context.over(this.#hints);
  }

  #usualOf(hints: ResolvedHints): Cost {
    return hints.cost === this.#hints.cost ? this.#usual : usualCost(hints);
  }

  #grant(now: number, cost: Cost, hints: ResolvedHints): Permit | undefined {
    const permit = this.#ask(now, cost, hints);
    if (permit !== undefined) hints.turn?.starts();
    return permit;
  }

  #ask(now: number, cost: Cost, hints: ResolvedHints): Permit | undefined {
    const driver = this.#driver;
    const { model, priority = NORMAL } = hints;
    const scope = model === undefined ? DEFAULT_SCOPE : this.#scopeOf(now, model);
    if (cost === 1) return driver.tryAcquire(now, scope, 1, 0, 0, 0, priority);
    checkCost(cost);
    if (typeof cost === "number") return driver.tryAcquire(now, scope, cost, 0, 0, 0, priority);
    const { requests = 1, inputTokens = 0, outputTokens = 0, custom = 0 } = cost;
    return driver.tryAcquire(now, scope, requests, inputTokens, outputTokens, custom, priority);
  }

  /** Asking may cause an event (the model is unknown). */
  #scopeOf(now: number, model: string): number {
    const scope = this.#driver.core.scope(model);
    this.#driver.pump(now);
    return scope;
  }
}

/** `await using limiter = …` closes at the end of the block. */
export interface Limiter extends AsyncDisposable {}

// Where the runtime has no Symbol.asyncDispose there is no `await using` either.
if (typeof Symbol.asyncDispose === "symbol") {
  Object.defineProperty(Limiter.prototype, Symbol.asyncDispose, {
    async value(this: Limiter) {
      this.close();
    },
  });
}

function waitWatched(driver: Driver, now: number, ticket: number, hints: ResolvedHints): Promise<Permit> {
  return new Promise((resolve, reject) => {
    const watch = new AbortWatch(hints.signals, {
      abort(reason) {
        driver.cancel(ticket, false);
        reject(reason);
      },
    });
    driver.onStart(now, ticket, hints.onWait, (outcome) => {
      watch.stop();
      resolve(outcome);
    });
  });
}

function recordOf(cost: Cost): CostRecord {
  return typeof cost === "number" ? { requests: cost } : cost;
}

async function toldAtStart(started: Promise<Permit>, turn: Turn): Promise<Permit> {
  const permit = await started;
  turn.starts();
  return permit;
}

function usualCost({ cost }: ResolvedHints): Cost {
  if (cost === NOTHING_STATED) return 1;
  const { requests, inputTokens, outputTokens, custom } = cost;
  return {
    requests: requests < 0 ? 1 : requests,
    inputTokens: Math.max(inputTokens, 0),
    outputTokens: Math.max(outputTokens, 0),
    custom: Math.max(custom, 0),
  };
}

/** Of what was not done. */
const NO_COST: Cost = { requests: 0, inputTokens: 0, outputTokens: 0, custom: 0 };

/** The scope of a call that names no model. */
const DEFAULT_SCOPE = 0;
