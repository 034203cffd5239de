import { abortedSignal, type AbortHandler, AbortWatch } from "./abort.js";
import type { Clock } from "./clock.js";
import { checkCost, type Cost } from "./cost.js";
import { isTidegateError, OptionError } from "./errors.js";
import { HINT_KEYS, type ResolvedHints, resolveHints, type ViewHints } from "./hints.js";
import { ItemTurn, Places } from "./item-turn.js";
import type { Limiter } from "./limiter.js";
import { MapError, type MapFailure } from "./map-error.js";
import { Permit } from "./permit.js";
import { type Counts, type Progress, ProgressReport } from "./progress.js";
import { Source } from "./source.js";

/** What {@link Limiter.map} goes through. Read as it is needed, so it may be endless, and held in memory nowhere. */
export type Items<T> = Iterable<T | PromiseLike<T>> | AsyncIterable<T | PromiseLike<T>>;

/** What is done with each item. */
export type MapTask<T, R> = (item: T, index: number, turn: MapTurn) => R | PromiseLike<R>;

/** What the task for one item is given. */
export interface MapTurn {
  /**
   * For the calls of this item: its `fetch`, an SDK that is given that, `acquire`, `schedule`. The first takes the item's
   * place in the limits, so nothing is counted twice, and all of them end when the map is given up. Calls through any other
   * view of the limiter are the item's too, where the runtime has an AsyncLocalStorage; in a browser use this one.
   */
  readonly limiter: Limiter;
  /** Aborts when the map is given up: by its own signal, or because another item failed. */
  readonly signal: AbortSignal;
  /** The item's place in the limits, until a call is made; settle it if you know the true cost. */
  readonly permit: Permit;
}

/** Options of {@link Limiter.map}: the hints are for every item, and for every call made through its view. */
export interface MapOptions<T = unknown> extends Omit<ViewHints, "cost"> {
  /**
   * What each item takes, or a function that says it of an item. In calls through the item's view it takes the place of
   * the estimate, as a hint does. @default 1 request; what each call's body lets expect
   */
  readonly cost?: Cost | ((item: T, index: number) => Cost) | undefined;
  /**
   * `true`: the first failure gives up the others by their signal, waits until they have ended, and rejects. `false`: all
   * items run, and if any failed it rejects then. @default true
   */
  readonly stopOnError?: boolean | undefined;
  /**
   * The most items that were read and whose turn has not come: a whole number from 1. Not more than `queue.maxDepth`, if
   * you set that. How many run at once is for the limits to say. @default 100
   */
  readonly ahead?: number | undefined;
  /** How many items there are, where it cannot be told, for the progress. @default their `length` or `size` */
  readonly total?: number | undefined;
  /** Told at the first item that ends, then four times a second at most, and at the end. What it throws is reported as uncaught. */
  readonly onProgress?: ((progress: Progress) => void) | undefined;
}

/** What the map needs of the limiter it belongs to. */
export interface MapGround {
  readonly clock: Clock;
  readonly hints: ResolvedHints;
  view(hints: ResolvedHints): Limiter;
  /** Calls back so that calls which are not made through a view have these hints too, where the runtime can carry them. */
  within<T>(hints: ResolvedHints, callback: () => T): T;
}

/** @throws as {@link Limiter.map} rejects. */
export function mapItems<T, R>(
  ground: MapGround,
  items: Items<T>,
  task: MapTask<T, R>,
  options: MapOptions<T>,
): Promise<R[]> {
  if (typeof task !== "function") throw new OptionError("task", task, "Use a function.");
  checkOptions(options);
  const { cost, stopOnError: _stop, ahead: _ahead, total: _total, onProgress: _told, ...rest } = options;
  const hints = resolveHints(typeof cost === "function" ? rest : { ...rest, cost }, ground.hints, "options");
  const aborted = abortedSignal(hints.signals);
  if (aborted !== undefined) throw aborted.reason;
  return new MapJob(ground, hints, items, task, options).run();
}

/** One map, from its first item to its last. */
class MapJob<T, R> implements AbortHandler {
  private readonly ground: MapGround;
  private readonly hints: ResolvedHints;
  private readonly task: MapTask<T, R>;
  private readonly costOf: ((item: T, index: number) => Cost) | undefined;
  private readonly stopOnError: boolean;
  private readonly source: Source<T>;
  private readonly places: Places;
  private readonly report: ProgressReport | undefined;
  private readonly results: (R | undefined)[] = [];
  private readonly errors: MapFailure[] = [];
  private done = 0;
  private total: number | undefined;
  /** Nothing more is read: all was, or the map stops. */
  private readAll = false;
  private stopped = false;
  private ending = false;
  /** The caller has been told. */
  private over = false;
  /** Gives up everything that belongs to the map. */
  private readonly controller = new AbortController();
  /** Gives up the items' own places in the queue. */
  private readonly line = new AbortController();
  /** Where items queue for themselves: without their turn, which is about the calls that they make. */
  private readonly queue: Limiter;
  private resolve!: (results: R[]) => void;
  private reject!: (reason: unknown) => void;
  private watch: AbortWatch | undefined;

  constructor(ground: MapGround, hints: ResolvedHints, items: Items<T>, task: MapTask<T, R>, options: MapOptions<T>) {
    const { cost, stopOnError = true, ahead = DEFAULT_AHEAD, total, onProgress } = options;
    this.ground = ground;
    this.hints = { ...hints, signals: [this.controller.signal] };
    this.task = task;
    this.costOf = typeof cost === "function" ? cost : undefined;
    this.stopOnError = stopOnError;
    this.source = new Source(items);
    this.total = total ?? sizeOf(items);
    this.places = new Places(ahead, () => this.line.abort(LEFT_THE_LINE));
    this.queue = ground.view({ ...hints, signals: [this.line.signal] });
    this.watch = hints.signals.length === 0 ? undefined : new AbortWatch(hints.signals, this);
    if (onProgress !== undefined) this.report = new ProgressReport(ground.clock, onProgress, () => this.counts());
  }

  run(): Promise<R[]> {
    return new Promise((resolve, reject) => {
      this.resolve = resolve;
      this.reject = reject;
      void this.read();
    });
  }

  /** By the caller's signal: told at once. What still runs is told by its own signal, and ends without effect. */
  abort(reason: unknown): void {
    if (this.over) return;
    this.end();
    this.giveUp(reason);
    void this.source.close();
    this.reject(reason);
  }

  private async read(): Promise<void> {
    let index = 0;
    try {
      for (; !this.readAll; index++) {
        await this.places.room();
        if (this.readAll) return;
        const next = await this.source.next();
        if (this.readAll) return;
        if (next.done) break;
        this.results.push(undefined);
        void this.runItem(next.value, index);
      }
      this.total = index;
      this.readAll = true;
    } catch (error) {
      this.fail(index, error);
      this.readAll = true;
    }
    this.endIfDone();
  }

  /** Never rejects. */
  private async runItem(item: T, index: number): Promise<void> {
    const turn = new ItemTurn(this.places);
    try {
      const cost = this.costOf?.(item, index);
      const hints = cost === undefined ? this.hints : resolveHints({ cost }, this.hints, "options");
      turn.permit = await this.ownPlace(cost);
      const own = { ...hints, turn };
      const { signal } = this.controller;
      if (signal.aborted) throw signal.reason;
      const about = { limiter: this.ground.view(own), signal, permit: turn.permit };
      const result = await this.ground.within(own, () => this.task(item, index, about));
      turn.end();
      this.succeed(index, result);
    } catch (error) {
      turn.end();
      this.fail(index, error);
    }
    this.endIfDone();
  }

  /**
   * The item's own place in the limits. Once an item is seen to make its calls through its view, the next ones have none:
   * their calls queue for themselves, and a place that an item keeps until it calls is quota that nobody uses.
   */
  private async ownPlace(cost: Cost | undefined): Promise<Permit> {
    if (!this.places.callsQueue) {
      try {
        return await this.queue.acquire(cost);
      } catch (error) {
        if (error !== LEFT_THE_LINE) throw error;
      }
    }
    return new Permit(undefined, 0);
  }

  private succeed(index: number, result: R): void {
    if (this.over) return;
    this.results[index] = result;
    this.done += 1;
    this.report?.itemEnded();
  }

  private fail(index: number, error: unknown): void {
    // What fails once the map stops fails because it stops.
    if (this.over || this.stopped) return;
    this.errors.push({ index, error });
    if (this.stopOnError || isEndOfAll(error)) {
      this.stopped = true;
      this.readAll = true;
      this.giveUp(undefined);
    } else {
      this.report?.itemEnded();
    }
  }

  /** Ends whatever waits or runs, and the reading. */
  private giveUp(reason: unknown): void {
    this.readAll = true;
    // First the line, so that no place that becomes free goes to an item that will not run.
    this.line.abort(reason);
    this.controller.abort(reason);
  }

  private endIfDone(): void {
    if (this.ending || this.over || !this.readAll || this.places.open > 0) return;
    this.ending = true;
    if (this.stopped) void this.source.close().then(() => this.finish());
    else this.finish();
  }

  private finish(): void {
    if (this.over) return;
    this.end();
    const first = this.errors[0];
    if (first === undefined) this.resolve(this.results as R[]);
    else this.reject(new MapError(first, this.errors, this.results, this.done));
  }

  private end(): void {
    this.over = true;
    this.watch?.stop();
    this.report?.end();
  }

  private counts(): Counts {
    const { ahead, open } = this.places;
    return { done: this.done, failed: this.errors.length, total: this.total, running: open - ahead, ahead };
  }
}

/** After these no item can start, and an endless map would never end. */
function isEndOfAll(error: unknown): boolean {
  return isTidegateError(error) && ENDS_OF_ALL.includes(error.code);
}

function sizeOf(items: unknown): number | undefined {
  const { length, size } = items as { length?: unknown; size?: unknown };
  const known = length ?? size;
  // A text has more units than characters.
  return typeof known === "number" && typeof items !== "string" ? known : undefined;
}

function checkOptions(options: MapOptions<never>): void {
  if (typeof options !== "object" || options === null) throw new OptionError("options", options, "Use an object.");
  const allowed = [...new Set([...OWN_KEYS, ...HINT_KEYS])];
  for (const key of Object.keys(options)) {
    if (allowed.includes(key)) continue;
    throw new OptionError(`options.${key}`, options[key as keyof MapOptions], `Use only ${allowed.join(", ")}.`);
  }
  const { cost, stopOnError, ahead, total, onProgress } = options;
  if (cost !== undefined && typeof cost !== "function") checkCost(cost, "options.cost");
  if (stopOnError !== undefined && typeof stopOnError !== "boolean") {
    throw new OptionError("options.stopOnError", stopOnError, "Use true or false.");
  }
  if (ahead !== undefined && !(Number.isSafeInteger(ahead) && ahead >= 1)) {
    throw new OptionError("options.ahead", ahead, "Use a whole number of items from 1.");
  }
  if (total !== undefined && !(Number.isSafeInteger(total) && total >= 0)) {
    throw new OptionError("options.total", total, "Use a whole number of items.");
  }
  if (onProgress !== undefined && typeof onProgress !== "function") {
    throw new OptionError("options.onProgress", onProgress, "Use a function.");
  }
}

const ENDS_OF_ALL: readonly string[] = ["closed", "core-panicked", "draining"];

const OWN_KEYS: readonly string[] = ["cost", "stopOnError", "ahead", "total", "onProgress"];

/** Enough that the limits never wait for the next item, and few enough that a long job holds no more than it needs. */
const DEFAULT_AHEAD = 100;

/** Not an error: the place in the queue is not needed any more. */
const LEFT_THE_LINE = {};
