import { systemClock } from "./clock.js";
import { loadedCore } from "./core.js";
import { OptionError } from "./errors.js";
import { headerText } from "./headers.js";
import type { ProviderName, ProviderOptions } from "./provider.js";
import { coreErrorOf, optionErrorOf } from "./thrown.js";

/** Header fields in any of the forms in which they are met: a Headers, a plain object, a list of pairs. */
export type HeadersLike =
  | Pick<Headers, "forEach">
  | Iterable<readonly [name: string, value: string]>
  | Readonly<Record<string, string | number | readonly string[] | undefined>>;

/** What besides the headers says something of limits. */
export interface ParseOptions {
  /**
   * Who answered: a name (an unknown one is read as "generic"), or a description of an API that tidegate does not know.
   * @default told from the headers
   */
  readonly provider?: ProviderName | (string & {}) | ProviderOptions | undefined;
  /** The HTTP status: 100 to 999. @default 200 */
  readonly status?: number | undefined;
  /** The body or its beginning, as text, as bytes, or parsed. @default not known */
  readonly body?: unknown;
  /** When the response arrived, in milliseconds since 1970-01-01 UTC. @default the wall clock */
  readonly now?: number | undefined;
}

/** What a response means: served, too fast, too busy whoever asks, nothing left to spend, broken, or wrong for good. */
export type ResponseKind =
  | "ok"
  | "rate_limit"
  | "overloaded"
  | "quota_exhausted"
  | "server_error"
  | "client_error";

/** What a response says of limits, whoever wrote it. */
export interface RateLimit {
  /** The wait that the server orders, in whole milliseconds: 0 to 86,400,000 (a day); null where it orders none. */
  readonly retryAfterMs: number | null;
  /** The limits that it states, 16 at most. */
  readonly limits: readonly StatedLimit[];
  /** Whether another attempt of the same request can succeed. */
  readonly retryable: boolean;
  readonly kind: ResponseKind;
}

/** One limit as the server states it; null for what it does not say. */
export interface StatedLimit {
  /** What is counted, in the server's words with `_` for `-`: "requests", "input_tokens", "unified_5h", … */
  readonly dimension: string;
  /** How much per window, in the unit of the dimension. */
  readonly limit: number | null;
  /** What is left of it. */
  readonly remaining: number | null;
  /** When it is replenished, in milliseconds since 1970: `now` to 366 days later. */
  readonly resetAtMs: number | null;
  /** The span over which it counts, in milliseconds. */
  readonly windowMs: number | null;
  /** The server's own name for the limit. */
  readonly policy: string | null;
}

/**
 * Reads what a response says of limits, without a limiter. Malformed fields say nothing; they are never read as zero.
 *
 * ```ts
 * const { kind, retryAfterMs } = parseRateLimit(response.headers, { status: response.status });
 * ```
 *
 * @throws {OptionError} naming the wrong argument, its value and the fix. No header, body or name of a provider is wrong.
 * @throws {CoreError} for a defect in tidegate.
 */
export function parseRateLimit(headers: HeadersLike, options: ParseOptions = {}): RateLimit {
  if (typeof options !== "object" || options === null) {
    throw new OptionError("(all)", options, "Use an object.");
  }
  const { provider, status = 200, body, now = systemClock.wallNow() } = options;
  if (!(Number.isInteger(status) && status >= 100 && status <= 999)) {
    throw new OptionError("status", status, "Use a whole number from 100 to 999.");
  }
  if (!(typeof now === "number" && now >= 0 && now <= LAST_DATE_MS)) {
    throw new OptionError("now", now, "Use a number of milliseconds since 1970.");
  }
  const lines = headerText(headers);
  const content = bodyOf(body);
  try {
    return JSON.parse(loadedCore().parseRateLimit(lines, provider, status, content, now));
  } catch (thrown) {
    throw optionErrorOf(thrown) ?? coreErrorOf(thrown);
  }
}

function bodyOf(body: unknown): string | Uint8Array | undefined {
  if (body === undefined || body === null) return undefined;
  if (typeof body === "string" || body instanceof Uint8Array) return body;
  if (body instanceof ArrayBuffer) return new Uint8Array(body);
  try {
    return JSON.stringify(body);
  } catch {
    throw new OptionError("body", body, "Use text, bytes, or an object that JSON can hold.");
  }
}

/** The last instant that a Date can hold. */
const LAST_DATE_MS = 8_640_000_000_000_000;
