// What a user writes type-checks as the documentation says, and what is wrong does not.
import {
  type AsyncContextClass,
  type Clock,
  type CountTokensOptions,
  createLimiter,
  type DeadlineError,
  type DrainingError,
  type Estimate,
  type EstimateOptions,
  estimateTokens,
  isTidegateError,
  type Learned,
  type Limiter,
  parseRateLimit,
  type Permit,
  type Priority,
  type ProviderOptions,
  type RateLimit,
  type Snapshot,
  type Standing,
  type ViewHints,
} from "tidegate";
import { anthropic } from "tidegate/presets";
import "tidegate/tokens";
import { tables } from "tidegate/tokens";

declare const clock: Clock;

const limiter: Limiter = createLimiter({
  limits: {
    "claude-sonnet-*": { rpm: 1000, itpm: 2_000_000, otpm: 400_000 },
    cheap: { models: ["claude-haiku-*", "gpt-5-mini"], concurrency: 4 },
    default: {
      limits: [
        { dimension: "requests", amount: 60, periodMs: 60_000, enforcement: "fixed-window" },
        { dimension: "concurrency", amount: 3 },
      ],
    },
  },
  retry: { attempts: 5, baseMs: 250, jitter: "decorrelated", budget: { share: 0.1, floorPerSecond: 2 } },
  queue: {
    maxDepth: 1000,
    maxWaitMs: 30_000,
    headroom: "auto",
    ageingMs: 10_000,
    shares: { "paid-*": 4, trial: 0.5 },
    concurrency: 50,
  },
  provider: "anthropic",
  fetch: (input, init) => fetch(input, init),
  clock,
  seed: 7,
});
createLimiter({ limits: anthropic.build.limits, retry: false });
createLimiter({ limits: { ...anthropic.start.limits, default: { rps: 1 } } });

export const given: Permit | undefined = limiter.tryAcquire({ inputTokens: 100 }, { model: "claude-sonnet-5" });
export const waited: Promise<Permit> = limiter.acquire(2, { priority: "high", deadlineMs: 500, signal: new AbortController().signal });
export const task: Promise<number> = limiter.schedule(async (permit) => {
  permit.settle({ outputTokens: 5 });
  return 1;
}, { cost: { outputTokens: 50 } });
export const synchronous: Promise<string> = limiter.schedule(() => "done");
export const state: Snapshot = limiter.snapshot();
export const left: number | undefined = state.scopes[0]?.limits[0]?.available;
export const kept: Learned = JSON.parse(JSON.stringify(state.learned)) as Learned;
export const usual: number | undefined = kept.models[0]?.outputTokens;
createLimiter({ learned: kept });
createLimiter({ learned: limiter.snapshot().learned });
export const off: () => void = limiter.on("refused", ({ status, retryAfterMs }) => status + (retryAfterMs ?? 0));
limiter.on("retry", ({ attempt, delayMs }) => attempt * delayMs);
limiter.on("unknown-model", ({ model }) => model.length);
limiter.on("overload", ({ scope, limit }) => scope.length + (limit ?? 0));
limiter.on("breaker", ({ state, openForMs }) => (state === "open" ? openForMs : null));
export const most: number | null | undefined = state.scopes[0]?.mostInFlight ?? state.scopes[0]?.startsPerMinute;
createLimiter({ retry: { budget: false } });
limiter.on("limit", ({ reason }) => reason === "learned");

try {
  using permit = await limiter.acquire();
  permit.settle(1);
  await using closing = createLimiter();
  closing.tryAcquire()?.release();
} catch (error) {
  if (isTidegateError(error, "deadline-exceeded")) {
    const late: DeadlineError = error;
    late.waitedMs.toFixed();
    late.expectedMs?.toFixed();
  } else if (isTidegateError(error, "queue-full")) {
    error.expectedMs?.toFixed();
  } else if (isTidegateError(error, "draining")) {
    const over: DrainingError = error;
    over.message.trim();
  } else if (isTidegateError(error)) {
    error.code satisfies string;
  }
}

const unheardOf: ProviderOptions = {
  like: "github",
  limits: [{ dimension: "requests", remaining: "X-Quota-Left", reset: "X-Quota-Renews", unit: "seconds", windowMs: 60_000 }],
  retryAfter: { header: "X-Wait" },
  statuses: { 420: "rate_limit", "509": "overloaded" },
};
createLimiter({ provider: unheardOf });
createLimiter({ provider: "azure-openai" });
export const read: RateLimit = parseRateLimit(new Headers());
parseRateLimit([["retry-after", "7"]], { provider: "a name that nobody knows", status: 429, body: "", now: 0 });
parseRateLimit({ "retry-after": "7", list: ["a"], none: undefined }, { provider: unheardOf, body: { error: {} } });
export const wait: number | null = parseRateLimit(new Map([["retry-after", "7"]])).retryAfterMs;
export const stated: (number | null)[] = read.limits.map(({ limit, remaining }) => limit ?? remaining);

createLimiter({ countTokens: true });
const often: CountTokensOptions = { aboveTokens: 5_000, maxWaitMs: 500 };
createLimiter({ countTokens: often });
const known: ViewHints = { cost: { inputTokens: 6_000, outputTokens: 500, custom: 3 }, priority: "low", model: "claude-sonnet-5" };
export const answer: Promise<Response> = limiter.with(known).fetch("https://api.example.com/", { method: "POST" });
limiter.with({ cost: 2 }).tryAcquire()?.release();

const whose: EstimateOptions = { model: "claude-sonnet-5" };
export const inText: number = estimateTokens("How many?", whose);
estimateTokens({ model: "gpt-5", messages: [{ role: "user", content: "How many?" }] });
estimateTokens(new TextEncoder().encode("{}"), { model: undefined });
estimateTokens(new ArrayBuffer(2));
tables[0]?.name satisfies "claude3" | "claude47" | "o200k" | "gemma3" | undefined;

const important: Priority[] = ["critical", 70, -100];
export const view: Limiter = limiter.with({ priority: important[1], tenant: "acme" });
export const expected: Estimate = view.estimate({ inputTokens: 1_200 }, { model: "claude-sonnet-5", priority: 20 });
limiter.estimate().waitMs?.toFixed();
const show = ({ position, waitMs }: Standing): string => `${position}, ${waitMs ?? "nobody knows"}`;
limiter.with({ onWait: show });
limiter.acquire(1, { onWait: ({ waitMs }) => console.log(waitMs) });
export const inContext: number = limiter.run({ tenant: "acme" }, () => 1);
export const awaited: Promise<string> = limiter.run({ priority: "high", cost: 2 }, async () => "done");
declare class Storage<T> {
  run<R>(store: T, callback: () => R): R;
  run<R, A extends unknown[]>(store: T, callback: (...args: A) => R, ...args: A): R;
  getStore(): T | undefined;
}
const storage: AsyncContextClass = Storage;
createLimiter({ asyncContext: storage });
createLimiter({ asyncContext: Storage });
limiter.pause();
limiter.resume();
export const drained: Promise<void> = limiter.drain();
limiter.on("drained", ({ type }) => type.length);
export const urgent: number | undefined = state.scopes[0]?.priorities.find(({ priority }) => priority > 50)?.waiting;
export const total: number = state.inFlight + Number(state.paused) + Number(state.draining);

// @ts-expect-error a tenant is a text
limiter.with({ tenant: 7 });
// @ts-expect-error a share is a number
createLimiter({ queue: { shares: { paid: "4" } } });
// @ts-expect-error a callback is told one thing
limiter.with({ onWait: (position: number, waitMs: number) => position + waitMs });
// @ts-expect-error run wants hints
limiter.run(() => 1);
// @ts-expect-error the class, not an instance
createLimiter({ asyncContext: new Storage<unknown>() });
// @ts-expect-error an estimate has no position
limiter.estimate().position;

// @ts-expect-error there is no such option
createLimiter({ countTokens: { above: 5_000 } });
// @ts-expect-error counting is on, off or described
createLimiter({ countTokens: "large" });
// @ts-expect-error there is no such dimension
limiter.with({ cost: { tokens: 1 } });
// @ts-expect-error a cost is a number
limiter.with({ cost: { inputTokens: "1" } });
// @ts-expect-error a number is no text
estimateTokens(7);
// @ts-expect-error a model is a name
estimateTokens("How many?", { model: 5 });
// @ts-expect-error there is no such provider
createLimiter({ provider: "claude" });
// @ts-expect-error there is no such unit
createLimiter({ provider: { retryAfter: { header: "X-Wait", unit: "hours" } } });
// @ts-expect-error there is no such class
createLimiter({ provider: { statuses: { 420: "slow" } } });
// @ts-expect-error headers are not one text
parseRateLimit("retry-after: 7");
// @ts-expect-error a limit is a number
createLimiter({ limits: { default: { rpm: "60" } } });
// @ts-expect-error there is no such limit
createLimiter({ limits: { default: { rmp: 60 } } });
// @ts-expect-error retries are switched off with false
createLimiter({ retry: true });
// @ts-expect-error a budget is off or described
createLimiter({ retry: { budget: 0.1 } });
// @ts-expect-error there is no such option
createLimiter({ limit: {} });
// @ts-expect-error there is no such priority
limiter.with({ priority: "urgent" });
// @ts-expect-error there is no such dimension
limiter.acquire({ tokens: 1 });
// @ts-expect-error there is no such event
limiter.on("nothing", () => {});
// @ts-expect-error there is no such code
isTidegateError(new Error(), "gone");
// @ts-expect-error concurrency has no period
createLimiter({ limits: { default: { limits: [{ dimension: "concurrency", amount: 1, periodMs: 1 }] } } });
