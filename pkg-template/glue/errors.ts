import type { MapError } from "./map-error.js";

/** What {@link TidegateError.code} can be. */
export type ErrorCode = keyof ErrorByCode;

/** The class behind each code, for {@link isTidegateError}. */
export interface ErrorByCode {
  "invalid-option": OptionError;
  "insufficient-capacity": InsufficientCapacityError;
  "queue-full": QueueFullError;
  "deadline-exceeded": DeadlineError;
  draining: DrainingError;
  closed: ClosedError;
  "core-panicked": CoreError;
  abandoned: AbandonedError;
  "map-failed": MapError;
}

/** The same in every copy of the package and in every realm. */
const BRAND = Symbol.for("tidegate.error");

/** The base of every error that tidegate itself makes. What the server or `fetch` says is never wrapped in one, but by a {@link MapError}. */
export class TidegateError extends Error {
  override readonly name: string = "TidegateError";
  /** Stable: compare this, not the message. */
  readonly code: ErrorCode;

  constructor(code: ErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
Object.defineProperty(TidegateError.prototype, BRAND, { value: true });

/** An option, hint or cost that cannot be meant. Thrown before anything is queued. */
export class OptionError extends TidegateError {
  override readonly name = "OptionError";
  declare readonly code: "invalid-option";
  /** Where it is, as a path: `limits.default.rpm`. */
  readonly option: string;
  /** What was given. */
  readonly value: unknown;
  /** What to write instead. */
  readonly fix: string;

  constructor(option: string, value: unknown, fix: string, message?: string) {
    super("invalid-option", message ?? `Option ${option} is ${shown(value)}. ${fix}`);
    this.option = option;
    this.value = value;
    this.fix = fix;
  }
}

/** Never what an object holds: it may be a secret. */
function shown(value: unknown): string {
  if (typeof value === "string") return JSON.stringify(value);
  if (typeof value === "function") return "a function";
  return typeof value === "object" && value !== null ? "an object" : String(value);
}

/** The call costs more than a limit ever holds: no wait would help. */
export class InsufficientCapacityError extends TidegateError {
  override readonly name = "InsufficientCapacityError";
  declare readonly code: "insufficient-capacity";
  /** The name of the scope, as in a snapshot. */
  readonly scope!: string;
  /** Which limit: "requests", "input_tokens", "output_tokens", "tokens", "concurrency" or "custom". */
  readonly dimension!: string;
  /** The most that goes at once: the burst. */
  readonly limit!: number;
  /** What the call would take. */
  readonly cost!: number;

  constructor(message: string, fields?: object) {
    super("insufficient-capacity", message);
    Object.assign(this, fields);
  }
}

/** As many calls wait as `queue.maxDepth` allows, over all scopes. */
export class QueueFullError extends TidegateError {
  override readonly name = "QueueFullError";
  declare readonly code: "queue-full";
  /** The name of the scope in which the call would have waited. */
  readonly scope!: string;
  /** The most that may wait. */
  readonly limit!: number;
  /** How long the call would have waited, in milliseconds; undefined where nobody can tell. */
  readonly expectedMs!: number | undefined;

  constructor(message: string, fields?: object) {
    super("queue-full", message);
    Object.assign(this, fields);
  }
}

/** The call did not start within its `deadlineMs` or `queue.maxWaitMs`, or it was sure at once that it could not. It was not sent. */
export class DeadlineError extends TidegateError {
  override readonly name = "DeadlineError";
  declare readonly code: "deadline-exceeded";
  /** The name of the scope in which it waited. */
  readonly scope!: string;
  /** How long it waited, in milliseconds. */
  readonly waitedMs!: number;
  /** How many were still before it, counted up to 1,000. */
  readonly position!: number;
  /** How long it would still have waited, in milliseconds; undefined where nobody can tell. */
  readonly expectedMs!: number | undefined;

  constructor(message: string, fields?: object) {
    super("deadline-exceeded", message);
    Object.assign(this, fields);
  }
}

/** The limiter drains: it finishes what it has, and accepts nothing. */
export class DrainingError extends TidegateError {
  override readonly name = "DrainingError";
  declare readonly code: "draining";

  constructor(message: string) {
    super("draining", message);
  }
}

/** The limiter was closed. */
export class ClosedError extends TidegateError {
  override readonly name = "ClosedError";
  declare readonly code: "closed";

  constructor(message: string) {
    super("closed", message);
  }
}

/**
 * In Cloudflare Workers: nothing was heard of the call's request for so long that it was taken for gone, and its place given
 * to others. Nothing was sent since. An isolate that stands still for some twenty seconds between two of its timers does that.
 */
export class AbandonedError extends TidegateError {
  override readonly name = "AbandonedError";
  declare readonly code: "abandoned";

  constructor() {
    super("abandoned", "Nothing was heard of this call for too long, so its place was given to others. Make the call again.");
  }
}

/** A defect in tidegate itself. The limiter cannot be used further; please report it. */
export class CoreError extends TidegateError {
  override readonly name = "CoreError";
  declare readonly code: "core-panicked";

  constructor(message: string, options?: ErrorOptions) {
    super("core-panicked", message, options);
  }
}

/**
 * Whether `error` was made by tidegate, and with this code if one is given.
 * Unlike `instanceof` it also knows the errors of another copy of the package and of another realm.
 */
export function isTidegateError<C extends ErrorCode>(error: unknown, code: C): error is ErrorByCode[C];
export function isTidegateError(error: unknown): error is TidegateError;
export function isTidegateError(error: unknown, code?: ErrorCode): boolean {
  if (typeof error !== "object" || error === null) return false;
  const candidate = error as { [BRAND]?: unknown; code?: unknown };
  return candidate[BRAND] === true && (code === undefined || candidate.code === code);
}
