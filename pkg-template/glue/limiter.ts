/// <reference lib="esnext.disposable" preserve="true" />
import { AbortWatch, abortedSignal } from "./abort.js";
import { systemClock } from "./clock.js";
import { loadedCore } from "./core.js";
import { checkCost, type Cost, NOTHING_STATED } from "./cost.js";
import { Driver } from "./driver.js";
import type { EventType, Listener } from "./events.js";
import { createFetch } from "./fetch.js";
import {
  type AcquireHints,
  NO_HINTS,
  type ResolvedHints,
  resolveHints,
  type ScheduleHints,
  type ViewHints,
} from "./hints.js";
import { type Items, mapItems, type MapOptions, type MapTask } from "./map.js";
import { type Fetch, type LimiterOptions, splitSeams } from "./options.js";
import type { Permit } from "./permit.js";
import type { Snapshot } from "./snapshot.js";
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
  const { fetch, clock = systemClock, seed, data } = splitSeams(options);
  return new Limiter(new Driver(loadedCore(), data, clock, seed), fetch, NO_HINTS);
}

/** Made by {@link createLimiter}. Views made by {@link with} share its limits, its queue and its end. */
export class Limiter {
  /**
   * Takes the place of `fetch`: same arguments, same answers, but sent when the limits allow, and again after a refusal.
   * Needs no `this`. Time in the queue passes inside it, so an SDK's `timeout` has to be longer than the longest wait.
   * The headers `x-tidegate-priority`, `x-tidegate-deadline-ms`, `x-tidegate-input-tokens`, `x-tidegate-output-tokens` and
   * `x-tidegate-custom` are hints for one call, and not sent.
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
   * A light view with these hints for every call made through it.
   *
   * @throws {OptionError} naming the wrong hint.
   */
  with(hints: ViewHints): Limiter {
    return new Limiter(this.#driver, this.#upstream, resolveHints(hints, this.#hints));
  }

  /**
   * Waits until a call of this cost may run. End the permit with `settle` or `release`, whatever happens.
   *
   * Rejects with {@link OptionError}, {@link InsufficientCapacityError}, {@link QueueFullError}, {@link DeadlineError},
   * {@link ClosedError}, {@link CoreError}, or the reason of the signal.
   */
  acquire(cost: Cost = this.#usual, hints?: AcquireHints): Promise<Permit> {
    try {
      const resolved = hints === undefined ? this.#hints : resolveHints(hints, this.#hints);
      const { signals } = resolved;
      const aborted = abortedSignal(signals);
      if (aborted !== undefined) return Promise.reject(aborted.reason);
      resolved.turn?.calls();
      const now = this.#driver.clock.now();
      const permit = this.#grant(now, cost, resolved);
      if (permit !== undefined) return Promise.resolve(permit);
      const ticket = this.#queue(now, cost, resolved);
      const started =
        signals.length === 0
          ? this.#driver.wait(now, ticket)
          : waitWatched(this.#driver, now, ticket, signals);
      return resolved.turn === undefined ? started : toldAtStart(started, resolved.turn);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /**
   * A permit if a call of this cost may run now and nobody is passed over; else undefined, and nothing is queued.
   *
   * @throws {OptionError} for a wrong cost or hint.
   * @throws {InsufficientCapacityError} when the cost can never fit.
   * @throws {ClosedError} after {@link close}.
   * @throws {CoreError} when the limiter has failed.
   */
  tryAcquire(cost: Cost = this.#usual, hints?: AcquireHints): Permit | undefined {
    const resolved = hints === undefined ? this.#hints : resolveHints(hints, this.#hints);
    resolved.turn?.calls();
    return this.#grant(this.#driver.clock.now(), cost, resolved);
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
   * makes through the view it is given takes that place. Items are read as they are needed: at most `ahead` of them wait.
   *
   * Rejects with a {@link MapError}, which holds what was done until then, when an item failed, the items could not be
   * read, or the limiter was closed; with {@link OptionError}; or at once with the reason of the signal.
   */
  async map<T, R>(
    items: Items<T>,
    task: MapTask<T, R>,
    options: MapOptions<T> = {},
  ): Promise<R[]> {
    const view = (hints: ResolvedHints) => new Limiter(this.#driver, this.#upstream, hints);
    return mapItems({ clock: this.#driver.clock, hints: this.#hints, view }, items, task, options);
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
   * Calls `listener` at each event of this type, from inside the limiter's loop: keep it short.
   *
   * @returns a function that removes the listener.
   * @throws {OptionError} for a type that does not exist.
   */
  on<T extends EventType>(type: T, listener: Listener<T>): () => void {
    return this.#driver.events.on(type, listener);
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

  #grant(now: number, cost: Cost, hints: ResolvedHints): Permit | undefined {
    const permit = this.#ask(now, cost, hints);
    if (permit !== undefined) hints.turn?.starts();
    return permit;
  }

  #ask(now: number, cost: Cost, hints: ResolvedHints): Permit | undefined {
    const driver = this.#driver;
    const scope = hints.model === undefined ? DEFAULT_SCOPE : this.#scopeOf(now, hints.model);
    if (cost === 1) return driver.tryAcquire(now, scope, 1, 0, 0, 0, hints.priority);
    checkCost(cost);
    if (typeof cost === "number") return driver.tryAcquire(now, scope, cost, 0, 0, 0, hints.priority);
    const { requests = 1, inputTokens = 0, outputTokens = 0, custom = 0 } = cost;
    return driver.tryAcquire(now, scope, requests, inputTokens, outputTokens, custom, hints.priority);
  }

  #queue(now: number, cost: Cost, hints: ResolvedHints): number {
    const scope = hints.model === undefined ? DEFAULT_SCOPE : this.#driver.core.scope(hints.model);
    const record = typeof cost === "number" ? { requests: cost } : cost;
    const { requests = 1, inputTokens = 0, outputTokens = 0, custom = 0 } = record;
    return this.#driver.submit(
      now,
      scope,
      requests,
      inputTokens,
      outputTokens,
      custom,
      hints.priority,
      hints.deadlineMs,
    );
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

function waitWatched(
  driver: Driver,
  now: number,
  ticket: number,
  signals: readonly AbortSignal[],
): Promise<Permit> {
  return new Promise((resolve, reject) => {
    const watch = new AbortWatch(signals, {
      abort(reason) {
        driver.cancel(ticket, false);
        reject(reason);
      },
    });
    driver.onStart(now, ticket, (outcome) => {
      watch.stop();
      resolve(outcome);
    });
  });
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
