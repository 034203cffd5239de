import type { Clock } from "./clock.js";
import { type AsyncContextClass, isAsyncContextClass } from "./context.js";
import { OptionError } from "./errors.js";
import type { ProviderName, ProviderOptions } from "./provider.js";
import type { Saved } from "./saved.js";
import type { Learned } from "./snapshot.js";

/** The signature of `fetch`, without what single runtimes add to it. */
export type Fetch = (input: string | URL | Request, init?: RequestInit) => Promise<Response>;

/**
 * How the server lets an amount come back: continuously up to the burst; all at fixed instants; or each part one period
 * after it was used, so that no period ever holds more than the amount.
 */
export type Enforcement = "token-bucket" | "fixed-window" | "sliding-window";

/** What a limit over time counts. "tokens" is input and output together; "custom" is in a unit of your own. */
export type Dimension = "requests" | "input_tokens" | "output_tokens" | "tokens" | "custom";

/** The most calls in flight at once, spelled out. */
export interface ConcurrencyOptions {
  readonly dimension: "concurrency";
  /** Calls. A whole number from 1 to 10^12. */
  readonly amount: number;
}

/** One limit over time, spelled out. */
export interface LimitOptions {
  readonly dimension: Dimension;
  /** How much per period, in requests, model tokens or your own unit. A whole number from 1 to 10^12. */
  readonly amount: number;
  /** Whole milliseconds from 1 to 2,678,400,000 (31 days). */
  readonly periodMs: number;
  /** The most that can go at once, in the unit of `amount`, from 1 to 10^12. Only of a token bucket. @default `amount` */
  readonly burst?: number;
  /** @default "token-bucket" */
  readonly enforcement?: Enforcement;
}

/**
 * The limits that calls of one scope share, at least one. All of them hold at once. Amounts are whole numbers from 1 to
 * 10^12; those with short names are token buckets whose burst is the whole amount. A limit that is not given does not
 * hold until the server's headers state it.
 */
export interface ScopeLimits {
  /** Patterns of the models that share these limits. @default the key itself is the one pattern */
  readonly models?: readonly string[];
  /**
   * Says that the numbers were published, on this day (YYYY-MM-DD), and not agreed: the server's headers replace them,
   * also by higher ones. @default they are yours, and one below the server's is a cap that stays
   */
  readonly published?: string;
  /** Requests per second. */
  readonly rps?: number;
  /** Requests per minute. */
  readonly rpm?: number;
  /** Requests per hour. */
  readonly rph?: number;
  /** Requests per day. */
  readonly rpd?: number;
  /** Input tokens per minute. */
  readonly itpm?: number;
  /** Output tokens per minute. */
  readonly otpm?: number;
  /** Input and output tokens per minute. */
  readonly tpm?: number;
  /** Input and output tokens per day. */
  readonly tpd?: number;
  /** The most calls in flight at once. */
  readonly concurrency?: number;
  /** Limits that have no short name. */
  readonly limits?: readonly (LimitOptions | ConcurrencyOptions)[];
}

/** What happens to a call that the server refused or that did not reach it. */
export interface RetryOptions {
  /**
   * Attempts in all, the first included: 1 to 100. Those do not count that say nothing of the call: a refusal for the rate
   * whose stated wait is obeyed, or the first in a row without one, and overloads while many calls meet one, if the server
   * has served calls before. With them there are at most 32 times as many retries. @default 4
   */
  readonly attempts?: number;
  /** The first backoff where the server states no wait, in milliseconds: 1 to 86,400,000 (a day). @default 500 */
  readonly baseMs?: number;
  /** How many times longer each backoff is than the one before: 1 to 100. @default 2 */
  readonly factor?: number;
  /**
   * The longest backoff, in milliseconds: `baseMs` to 86,400,000. A wait that the server states may be longer.
   * @default 60000, or `baseMs` if that is more
   */
  readonly capMs?: number;
  /**
   * The random part of a backoff of length d: "full" is from 0 to d, "equal" from d/2 to d, "decorrelated" from
   * `baseMs` to three times the one before, "none" is d. A wait that the server states is never shortened.
   * @default "full"
   */
  readonly jitter?: "full" | "none" | "equal" | "decorrelated";
  /**
   * How many retries there are beside other calls of the same scope, so that an outage is not multiplied; `false` for as
   * many as there are. Calls that were refused for their rate wait for quota, and take nothing from it.
   * @default as each field of {@link RetryBudget} says
   */
  readonly budget?: RetryBudget | false;
}

/**
 * Retries are a share of the calls, and a few a second. What is not used is kept for ten seconds; a retry that is not there
 * yet waits for it, up to `capMs`; then the caller gets the server's last answer.
 */
export interface RetryBudget {
  /** Retries for each call: 0 to 1. @default 0.2 */
  readonly share?: number;
  /** Retries a second, however few calls there are: a whole number from 0 to 1,000,000. @default 10 */
  readonly floorPerSecond?: number;
}

/** How much may wait, and how long. */
export interface QueueOptions {
  /**
   * The most calls that wait at once, over all scopes: 0 to 8,000,000. More fail with a {@link QueueFullError}.
   * @default 1000000
   */
  readonly maxDepth?: number;
  /**
   * The longest wait of a call that has no `deadlineMs` of its own, in whole milliseconds: 0 to 2,678,400,000 (31 days).
   * Then it fails with a {@link DeadlineError}. @default no limit
   */
  readonly maxWaitMs?: number;
  /**
   * What lower priorities leave in every limit for more urgent calls: normal ones for critical and high ones, low ones for
   * all others. "auto" is the most that those took in any second of the last one or two minutes, a fifth of the limit's
   * burst at most; a number is that share of every burst, from 0 (nothing) to 0.9. @default "auto"
   */
  readonly headroom?: "auto" | number;
  /**
   * For how long a call gives way to others whose priority is 50 higher, as "high" is to "normal", in whole milliseconds: 1
   * to 86,400,000 (a day); to others whose priority is higher by d, for d ÷ 50 of that. Then, once it is the first among
   * its equals, at most seven more of them start before it, and eight more for each other priority of which that is true.
   * @default 30000
   */
  readonly ageingMs?: number;
  /**
   * How many parts each tenant gets of what those who wait at one priority share, by patterns of tenants in which `*`
   * stands for any text: `{ "paid-*": 4, trial: 0.5 }`. The most specific pattern wins, as in `limits`. 0.001 to 1,000,000.
   * @default 1 for every tenant
   */
  readonly shares?: Readonly<Record<string, number>>;
  /** The most calls in flight at once, over all scopes: a whole number from 1 to 8,000,000. @default no limit */
  readonly concurrency?: number;
}

/** Which calls are counted by their provider before they are sent. */
export interface CountTokensOptions {
  /**
   * The least estimate that is worth the question, in model tokens: 0 to 4,294,967,295. Of a smaller request, what an
   * estimate sets aside too much is little and comes back with the answer, and the question takes a round trip.
   * @default 20000
   */
  readonly aboveTokens?: number;
  /**
   * The longest wait for the answer, in whole milliseconds: 1 to 600,000. Of a call with a `deadlineMs`, half of that at
   * most. Then the estimate serves. @default 2000
   */
  readonly maxWaitMs?: number;
}

/** Everything can be left out: limits are then learned from the server's answers. */
export interface LimiterOptions {
  /**
   * Limits by model pattern: `{ "claude-sonnet-*": { rpm: 1000 } }`. `*` stands for any text. An exact name wins over
   * every pattern; of two patterns, the one with more literal characters. "default" is for everything else, and without
   * it each model at each server has limits of its own. With `models` in the value, the key is only a name.
   * @default learned from the server's headers
   */
  readonly limits?: Readonly<Record<string, ScopeLimits>>;
  /** `false` for none: the caller then gets the first answer, whatever it is. @default as each field of {@link RetryOptions} says */
  readonly retry?: RetryOptions | false;
  /** @default as each field of {@link QueueOptions} says */
  readonly queue?: QueueOptions;
  /**
   * Whose conventions the server follows, by name, or for an API that tidegate does not know a description of its headers
   * and statuses. @default told from each request and its answer
   */
  readonly provider?: ProviderName | ProviderOptions;
  /**
   * Asks the provider's own free endpoint how many model tokens a large request has, before that is queued: of the APIs of
   * Anthropic, Gemini, Vertex and Bedrock's Converse. The question goes through the limiter, by the same `fetch` and the
   * same credentials, and within the endpoint's own limits, and each such call begins a round trip later. Whatever goes
   * wrong with it, the estimate serves. OpenAI admits by the number of characters, which no question makes any better.
   * @default false
   */
  readonly countTokens?: boolean | CountTokensOptions;
  /**
   * `snapshot().learned` of an earlier limiter, also after `JSON.stringify` and `JSON.parse`: what each model's calls cost,
   * so that the first forecasts are as good as the last were. One of another version of tidegate that counts otherwise is
   * ignored; anything else is an {@link OptionError}. @default nothing: the first answers teach it
   */
  readonly learned?: Learned;
  /**
   * What {@link Limiter.save} of an earlier limiter said, also after `JSON.stringify` and `JSON.parse`: this one goes on where
   * that one stopped, with its place in every quota, and what has passed of wall time since then replenishes. Calls that
   * were in flight are taken for lost, and charged what they reserved. The other options count: of a limit whose amount
   * they change, what was used stays used, up to all of it; one they no longer name is gone. Where `learned` is given too,
   * that is what is known of the models. One of another version of tidegate that counts otherwise is ignored; anything
   * else is an {@link OptionError}. @default nothing: every quota is whole
   */
  readonly saved?: Saved;
  /** Sends the requests. @default the global fetch, looked up at each request */
  readonly fetch?: Fetch;
  /** @default the runtime's clock and timers */
  readonly clock?: Clock;
  /**
   * The class `AsyncLocalStorage`, for {@link Limiter.run} in runtimes that have it and do not show it: Node before 20.16,
   * 21, and 22 before 22.3, Workers with the flag `nodejs_als` alone or a compatibility date before 2024-09-23. The first
   * `run` makes one instance.
   * @default what the runtime shows
   */
  readonly asyncContext?: AsyncContextClass;
  /** A whole number from 0 to 2^53 − 1 that fixes everything random, for tests. @default drawn when first needed */
  readonly seed?: number;
}

/** The options that the core is not made with: functions, the glue's own, and what it is told of the time before it. */
export interface Seams {
  readonly fetch: Fetch | undefined;
  readonly clock: Clock | undefined;
  readonly seed: number | undefined;
  readonly asyncContext: AsyncContextClass | undefined;
  readonly saved: Saved | undefined;
  /** The rest, as given. */
  readonly data: object;
}

/** @throws {OptionError} for a wrong `fetch`, `clock`, `seed` or `asyncContext`. */
export function splitSeams(options: LimiterOptions): Seams {
  if (typeof options !== "object" || options === null) {
    throw new OptionError("(all)", options, "Use an object.");
  }
  const { fetch, clock, seed, asyncContext, saved, ...data } = options;
  if (fetch !== undefined && typeof fetch !== "function") {
    throw new OptionError("fetch", fetch, "Use a function with the signature of fetch.");
  }
  if (clock !== undefined) checkClock(clock);
  if (seed !== undefined && !(Number.isSafeInteger(seed) && seed >= 0)) {
    throw new OptionError("seed", seed, "Use a whole number from 0 to 2^53 - 1.");
  }
  if (asyncContext !== undefined && !isAsyncContextClass(asyncContext)) {
    throw new OptionError("asyncContext", asyncContext, "Use the class AsyncLocalStorage, not an instance of it.");
  }
  return { fetch, clock, seed, asyncContext, saved, data };
}

function checkClock(clock: Clock): void {
  for (const method of ["now", "wallNow", "setTimer", "clearTimer"] as const) {
    if (typeof clock?.[method] !== "function") {
      throw new OptionError(`clock.${method}`, clock?.[method], "Use a function.");
    }
  }
}
