// The types of "tidegate" from the consumer's side: what has to compile, and what must not.
import {
  type Clock,
  type Cost,
  createLimiter,
  InsufficientCapacityError,
  isTidegateError,
  type Limiter,
  type LimiterOptions,
  type Permit,
} from "tidegate";
import { type Tier } from "tidegate/presets";

type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;

/** Compiles only where the two types are the same. */
function same<A, B>(_same: Equal<A, B>): void {}

const options: LimiterOptions = {
  limits: { "claude-sonnet-*": { rpm: 1000, itpm: 2_000_000, otpm: 400_000 }, default: { concurrency: 8 } },
  retry: { attempts: 5, jitter: "full" },
  queue: { maxDepth: 1000, maxWaitMs: 60_000 },
  seed: 7,
};
const limiter: Limiter = createLimiter(options);
createLimiter();
createLimiter({ retry: false });

// Takes the place of fetch, as a variable of that type and as an option of an SDK.
const replaced: typeof fetch = limiter.fetch;
const answer: Promise<Response> = limiter.with({ priority: "low" }).fetch("https://example.com", { method: "POST" });
void [replaced, answer];

async function acquire(): Promise<void> {
  const costs: Cost[] = [1, { requests: 1, inputTokens: 2000, outputTokens: 500 }, { custom: 3 }];
  const permit: Permit = await limiter.acquire(costs[0], { priority: "high", deadlineMs: 1000, model: "claude-sonnet-5" });
  permit.settle({ outputTokens: 12 });
  const maybe = limiter.tryAcquire();
  same<typeof maybe, Permit | undefined>(true);
  maybe?.release();
  const text = await limiter.schedule(async () => "done", { cost: 2 });
  same<typeof text, string>(true);
}

const off: () => void = limiter.on("retry", (event) => {
  same<typeof event.type, "retry">(true);
  const delay: number = event.delayMs;
  void delay;
});
off();

try {
  await acquire();
} catch (error) {
  if (isTidegateError(error, "insufficient-capacity")) same<typeof error, InsufficientCapacityError>(true);
}

// A clock of one's own, for tests.
const clock: Clock = { now: () => 0, wallNow: () => 0, setTimer: () => 1, clearTimer: () => {} };
createLimiter({ clock, fetch: async () => new Response() });

const tier = (found: Tier): Limiter => createLimiter({ limits: found.limits });
void tier;

// @ts-expect-error: an option that does not exist
createLimiter({ limit: {} });
// @ts-expect-error: a number as text
createLimiter({ limits: { default: { rpm: "60" } } });
// @ts-expect-error: a priority that does not exist
limiter.with({ priority: "urgent" });
// @ts-expect-error: an event that does not exist
limiter.on("retried", () => {});
// @ts-expect-error: a dimension that does not exist
void limiter.acquire({ tokens: 3 });
