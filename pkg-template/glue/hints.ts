import { type CacheHint, type ResolvedCache, resolveCache } from "./cache-hint.js";
import { MAX_TIMER_MS } from "./clock.js";
import { type Cost, costOver, NOTHING_STATED, type StatedCost, statedCost } from "./cost.js";
import { OptionError } from "./errors.js";
import type { OnWait, Standing } from "./standing.js";
import type { Turn } from "./turn.js";

/** The named priorities: 100, 50, 0 and −50. */
export type PriorityName = "critical" | "high" | "normal" | "low";

/**
 * Who goes first when several calls wait: a name, or a whole number from −100 to 100, of which the higher goes first.
 * A call that has waited long has its turn between higher ones (see `queue.ageingMs`), so that none is passed over for ever.
 */
export type Priority = PriorityName | number;

/** What {@link Limiter.with} takes for `fetch`. Hints of a view add to those of the limiter it came from. */
export interface FetchHints {
  /** Equals of one tenant go in the order of their arrival. @default "normal", which is 0 */
  readonly priority?: Priority | undefined;
  /**
   * For whom the call is made: any text of at most 256 characters. The tenants that wait at one priority share what there
   * is by the cost of their calls, in equal parts or by `queue.shares`. No secret: it may be shown.
   * @default "", which all calls share that name none
   */
  readonly tenant?: string | undefined;
  /**
   * The longest wait before the call starts, in milliseconds, not negative. Then it fails with a {@link DeadlineError},
   * unsent; so it does at once where it is sure that it would. 0 is for now or never. A retry that would start later is
   * not made. @default the limiter's `queue.maxWaitMs`
   */
  readonly deadlineMs?: number | undefined;
  /** Gives up the call wherever it is: queued, between attempts, being sent, streaming. Several signals all count. */
  readonly signal?: AbortSignal | undefined;
  /**
   * Is told where the call stands when it has to wait, and again whenever that has changed by a tenth, and by a place or a
   * second at least: at most once a second, and more seldom where more than 1,000 calls are watched. Not told when the
   * call starts. What it throws is reported as uncaught, and harms nobody. @default nobody is told
   */
  readonly onWait?: ((standing: Standing) => void) | undefined;
}

/** Hints of {@link Limiter.acquire}. */
export interface AcquireHints extends FetchHints {
  /** Whose limits apply, as in `limits`. `fetch` reads the model from each request instead. @default the default scope */
  readonly model?: string | undefined;
}

/** Hints of {@link Limiter.with} and {@link Limiter.run}, for every call made through the view or caused by the function. */
export interface ViewHints extends AcquireHints {
  /**
   * What each call takes, where you know better than an estimate: of bodies that cannot be read (streams, forms), or in a
   * unit of your own. In `fetch`, what is stated takes the place of what would be estimated, and what an answer says it
   * used is charged in the end all the same. In `acquire`, `tryAcquire`, `schedule` and `estimate` it is the cost of calls
   * that name none. A number means requests.
   * @default what each request's body lets expect; 1 request without `fetch`
   */
  readonly cost?: Cost | undefined;
  /**
   * Calls of `fetch` that are the same share one answer: method, URL, every header that is sent, credentials included,
   * every other setting, and the bytes of the body, while the first waits or is sent and its answer has not begun. Each
   * caller gets a Response of its own. The call ends early when all callers have given it up; an error is everybody's.
   * A more urgent caller takes the waiting call to its own priority, and has its own place in the limits for it. Only calls
   * with the same `attemptTimeoutMs` share, and of those that still wait only with the same `deadlineMs`. Bodies that cannot
   * be read (streams, forms) never do.
   * Answers are kept from the fastest reader to the slowest: up to the whole body, if one caller does not read at all.
   * In Cloudflare Workers, where no request may touch the answer of another, only calls inside of one `run` share.
   * @default false
   */
  readonly dedupe?: boolean | undefined;
  /**
   * Where answers of `fetch` are kept and looked for first: a standard Cache, or one with `maxAgeMs`. `false` for none.
   * An answer that is found takes nothing from the limits, and is also given while nothing may start, or after `close`.
   * @default none
   */
  readonly cache?: CacheHint | undefined;
  /**
   * The longest time from when a call of `fetch` is sent until its answer begins, in milliseconds, above 0 and at most
   * 2^31 − 1, or `Infinity` for none. It counts anew for each attempt, and not while the call waits, so it takes the place
   * of an SDK's own timer, which counts the wait too. An attempt that takes longer is given up with a DOMException named
   * `TimeoutError`, and tried again where a failed connection would be; the last one rejects with it. A body that has begun
   * may take as long as it takes, as with the timers of SDKs.
   * @default Infinity
   */
  readonly attemptTimeoutMs?: number | undefined;
}

/** Hints of {@link Limiter.schedule}. */
export interface ScheduleHints extends AcquireHints {
  /** What the task takes. @default 1 request */
  readonly cost?: Cost | undefined;
}

/** Hints once checked and merged. What nobody said is undefined, so that they can be laid over others. */
export interface ResolvedHints {
  /** −100 to 100; the higher goes first. */
  readonly priority: number | undefined;
  readonly tenant: string | undefined;
  /** Milliseconds. */
  readonly deadlineMs: number | undefined;
  readonly signals: readonly AbortSignal[];
  readonly onWait: OnWait | undefined;
  readonly model: string | undefined;
  readonly cost: StatedCost;
  readonly dedupe: boolean | undefined;
  /** `false` where it was said that there is none. */
  readonly cache: ResolvedCache | false | undefined;
  /** Milliseconds. */
  readonly attemptTimeoutMs: number | undefined;
  /** Who is told of these calls. */
  readonly turn: Turn | undefined;
}

const PRIORITIES: Readonly<Record<PriorityName, number>> = { critical: 100, high: 50, normal: 0, low: -50 };

/** The names of all hints. */
export const HINT_KEYS: readonly string[] = [
  "priority",
  "tenant",
  "deadlineMs",
  "signal",
  "onWait",
  "model",
  "cost",
  "dedupe",
  "cache",
  "attemptTimeoutMs",
];

export const NO_HINTS: ResolvedHints = {
  priority: undefined,
  tenant: undefined,
  deadlineMs: undefined,
  signals: [],
  onWait: undefined,
  model: undefined,
  cost: NOTHING_STATED,
  dedupe: undefined,
  cache: undefined,
  attemptTimeoutMs: undefined,
  turn: undefined,
};

/** What holds where nobody said anything. */
export const NORMAL: number = PRIORITIES.normal;
export const NO_DEADLINE: number = Infinity;

/** Whether calls with these hints go before calls with the others. */
export function isMoreUrgent(hints: ResolvedHints, others: ResolvedHints): boolean {
  return (hints.priority ?? NORMAL) > (others.priority ?? NORMAL);
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
    if (!HINT_KEYS.includes(key)) {
      throw new OptionError(`${where}.${key}`, hints[key as keyof ViewHints], `Use only ${HINT_KEYS.join(", ")}.`);
    }
  }
  const { priority, tenant, deadlineMs, signal, onWait, model, cost, dedupe, cache, attemptTimeoutMs } = hints;
  return {
    priority: priority === undefined ? base.priority : priorityNumber(priority, `${where}.priority`),
    tenant: tenant === undefined ? base.tenant : checkedTenant(tenant, `${where}.tenant`),
    deadlineMs: deadlineMs === undefined ? base.deadlineMs : checkedDeadline(deadlineMs, `${where}.deadlineMs`),
    signals: signal === undefined ? base.signals : [...base.signals, checkedSignal(signal, `${where}.signal`)],
    onWait: onWait === undefined ? base.onWait : checkedCallback(onWait, `${where}.onWait`),
    model: model === undefined ? base.model : checkedModel(model, `${where}.model`),
    cost: cost === undefined ? base.cost : statedCost(cost, base.cost, `${where}.cost`),
    dedupe: dedupe === undefined ? base.dedupe : checkedFlag(dedupe, `${where}.dedupe`),
    cache: cache === undefined ? base.cache : resolveCache(cache, `${where}.cache`),
    attemptTimeoutMs:
      attemptTimeoutMs === undefined
        ? base.attemptTimeoutMs
        : checkedAttemptTimeout(attemptTimeoutMs, `${where}.attemptTimeoutMs`),
    turn: base.turn,
  };
}

/** Lays checked `hints` over `base`: what they say wins, and signals add up, each once. */
export function hintsOver(hints: ResolvedHints, base: ResolvedHints): ResolvedHints {
  return {
    priority: hints.priority ?? base.priority,
    tenant: hints.tenant ?? base.tenant,
    deadlineMs: hints.deadlineMs ?? base.deadlineMs,
    signals: [...new Set([...base.signals, ...hints.signals])],
    onWait: hints.onWait ?? base.onWait,
    model: hints.model ?? base.model,
    cost: costOver(hints.cost, base.cost),
    dedupe: hints.dedupe ?? base.dedupe,
    cache: hints.cache ?? base.cache,
    attemptTimeoutMs: hints.attemptTimeoutMs ?? base.attemptTimeoutMs,
    turn: hints.turn ?? base.turn,
  };
}

function priorityNumber(priority: Priority, option: string): number {
  if (typeof priority === "string" && Object.hasOwn(PRIORITIES, priority)) return PRIORITIES[priority];
  if (typeof priority === "number" && Number.isInteger(priority) && Math.abs(priority) <= MAX_PRIORITY) {
    return priority;
  }
  const names = Object.keys(PRIORITIES).join(", ");
  throw new OptionError(option, priority, `Use one of ${names}, or a whole number from -100 to 100.`);
}

function checkedTenant(tenant: string, option: string): string {
  if (typeof tenant !== "string") throw new OptionError(option, tenant, "Use a text.");
  if (tenant.length > MAX_TENANT) {
    const fix = `Use at most ${MAX_TENANT} characters.`;
    throw new OptionError(option, tenant, fix, `Option ${option} has ${tenant.length} characters. ${fix}`);
  }
  return tenant;
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

function checkedCallback<F>(callback: F, option: string): F {
  if (typeof callback !== "function") throw new OptionError(option, callback, "Use a function.");
  return callback;
}

function checkedModel(model: string, option: string): string {
  if (typeof model !== "string") throw new OptionError(option, model, "Use the name of a model.");
  return model;
}

function checkedFlag(flag: boolean, option: string): boolean {
  if (typeof flag !== "boolean") throw new OptionError(option, flag, "Use true or false.");
  return flag;
}

function checkedAttemptTimeout(attemptTimeoutMs: number, option: string): number {
  const isTime = typeof attemptTimeoutMs === "number" && attemptTimeoutMs > 0;
  if (!isTime || (attemptTimeoutMs > MAX_TIMER_MS && attemptTimeoutMs !== Infinity)) {
    const fix = `Use a number of milliseconds above 0 and at most ${MAX_TIMER_MS}, or Infinity for no end.`;
    throw new OptionError(option, attemptTimeoutMs, fix);
  }
  return attemptTimeoutMs;
}

const MAX_PRIORITY = 100;
/** Longer than any identifier, and short enough to keep for thousands. */
const MAX_TENANT = 256;
