import { type CacheHint, type ResolvedCache, resolveCache } from "./cache-hint.js";
import { type Cost, NOTHING_STATED, type StatedCost, statedCost } from "./cost.js";
import { OptionError } from "./errors.js";
import type { Turn } from "./turn.js";

/** Who goes first when several calls wait in one scope. Lower ones wait as long as higher ones keep coming. */
export type Priority = "critical" | "high" | "normal" | "low";

/** What {@link Limiter.with} takes for `fetch`. Hints of a view add to those of the limiter it came from. */
export interface FetchHints {
  /** Equals go in the order of their arrival. @default "normal" */
  readonly priority?: Priority | undefined;
  /**
   * The longest wait before the call starts, in milliseconds, not negative. Then it fails with a {@link DeadlineError},
   * unsent. 0 is for now or never. A retry that would start later is not made. @default the limiter's `queue.maxWaitMs`
   */
  readonly deadlineMs?: number | undefined;
  /** Gives up the call wherever it is: queued, between attempts, being sent, streaming. Several signals all count. */
  readonly signal?: AbortSignal | undefined;
}

/** Hints of {@link Limiter.acquire}. */
export interface AcquireHints extends FetchHints {
  /** Whose limits apply, as in `limits`. `fetch` reads the model from each request instead. @default the default scope */
  readonly model?: string | undefined;
}

/** Hints of {@link Limiter.with}, for every call made through the view. */
export interface ViewHints extends AcquireHints {
  /**
   * What each call takes, where you know better than an estimate: of bodies that cannot be read (streams, forms), or in a
   * unit of your own. In `fetch`, what is stated takes the place of what would be estimated, and what an answer says it
   * used is charged in the end all the same. In `acquire`, `tryAcquire` and `schedule` it is the cost of calls that name
   * none. A number means requests.
   * @default what each request's body lets expect; 1 request without `fetch`
   */
  readonly cost?: Cost | undefined;
  /**
   * Calls of `fetch` that are the same share one answer: method, URL, every header that is sent, credentials included,
   * every other setting, and the bytes of the body, while the first waits or is sent and its answer has not begun. Each
   * caller gets a Response of its own. The call ends early when all callers have given it up; an error is everybody's.
   * A more urgent caller takes the waiting call to its own priority, and has its own place in the limits for it. Of calls
   * that still wait, only those with the same `deadlineMs` share. Bodies that cannot be read (streams, forms) never do.
   * Answers are kept from the fastest reader to the slowest: up to the whole body, if one caller does not read at all.
   * @default false
   */
  readonly dedupe?: boolean | undefined;
  /**
   * Where answers of `fetch` are kept and looked for first: a standard Cache, or one with `maxAgeMs`. `false` for none.
   * An answer that is found takes nothing from the limits, and is also given while nothing may start, or after `close`.
   * @default none
   */
  readonly cache?: CacheHint | undefined;
}

/** Hints of {@link Limiter.schedule}. */
export interface ScheduleHints extends AcquireHints {
  /** What the task takes. @default 1 request */
  readonly cost?: Cost | undefined;
}

/** Hints once validated and merged. */
export interface ResolvedHints {
  /** The highest goes first; normal is 0. */
  readonly priority: number;
  /** Milliseconds; `Infinity` for none. */
  readonly deadlineMs: number;
  readonly signals: readonly AbortSignal[];
  readonly model: string | undefined;
  readonly cost: StatedCost;
  readonly dedupe: boolean;
  readonly cache: ResolvedCache | undefined;
  /** Who is told of these calls. */
  readonly turn: Turn | undefined;
}

/** The numbers that the core orders by: the highest goes first. */
const PRIORITIES: ReadonlyMap<string, number> = new Map([
  ["critical", 100],
  ["high", 50],
  ["normal", 0],
  ["low", -50],
]);
const KEYS: readonly string[] = ["priority", "deadlineMs", "signal", "model", "cost", "dedupe", "cache"];

/** The names of all hints. */
export const HINT_KEYS: readonly string[] = KEYS;

export const NO_HINTS: ResolvedHints = {
  priority: 0,
  deadlineMs: Infinity,
  signals: [],
  model: undefined,
  cost: NOTHING_STATED,
  dedupe: false,
  cache: undefined,
  turn: undefined,
};

/** Whether calls with these hints go before calls with the others. */
export function isMoreUrgent(hints: ResolvedHints, others: ResolvedHints): boolean {
  return hints.priority > others.priority;
}

/**
 * Lays `hints` over `base`.
 *
 * @throws {OptionError} naming the field, its value and the fix.
 */
export function resolveHints(hints: ViewHints, base: ResolvedHints, where = "hints"): ResolvedHints {
  if (typeof hints !== "object" || hints === null) {
    throw new OptionError(where, hints, "Use an object.");
  }
  for (const key of Object.keys(hints)) {
    if (!KEYS.includes(key)) {
      throw new OptionError(`${where}.${key}`, hints[key as keyof ViewHints], `Use only ${KEYS.join(", ")}.`);
    }
  }
  const { priority, deadlineMs, signal, model, cost, dedupe, cache } = hints;
  return {
    priority: priority === undefined ? base.priority : priorityNumber(priority, `${where}.priority`),
    deadlineMs: deadlineMs === undefined ? base.deadlineMs : checkedDeadline(deadlineMs, `${where}.deadlineMs`),
    signals: signal === undefined ? base.signals : [...base.signals, checkedSignal(signal, `${where}.signal`)],
    model: model === undefined ? base.model : checkedModel(model, `${where}.model`),
    cost: cost === undefined ? base.cost : statedCost(cost, base.cost, `${where}.cost`),
    dedupe: dedupe === undefined ? base.dedupe : checkedFlag(dedupe, `${where}.dedupe`),
    cache: cache === undefined ? base.cache : resolveCache(cache, `${where}.cache`),
    turn: base.turn,
  };
}

function priorityNumber(priority: string, option: string): number {
  const number = PRIORITIES.get(priority);
  if (number === undefined) {
    throw new OptionError(option, priority, `Use one of ${[...PRIORITIES.keys()].join(", ")}.`);
  }
  return number;
}

function checkedDeadline(deadlineMs: number, option: string): number {
  if (typeof deadlineMs !== "number" || !(deadlineMs >= 0)) {
    throw new OptionError(option, deadlineMs, "Use a number of milliseconds that is not negative.");
  }
  return deadlineMs;
}

function checkedSignal(signal: AbortSignal, option: string): AbortSignal {
  if (typeof signal?.aborted !== "boolean" || typeof signal.addEventListener !== "function") {
    throw new OptionError(option, signal, "Use the signal of an AbortController.");
  }
  return signal;
}

function checkedModel(model: string, option: string): string {
  if (typeof model !== "string") throw new OptionError(option, model, "Use the name of a model.");
  return model;
}

function checkedFlag(flag: boolean, option: string): boolean {
  if (typeof flag !== "boolean") throw new OptionError(option, flag, "Use true or false.");
  return flag;
}
