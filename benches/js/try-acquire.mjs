// A decision at once: granted, granted and given back, refused.
import { RateLimiter } from "limiter";
import { RateLimiterMemory } from "rate-limiter-flexible";
import { createLimiter } from "tidegate";
import { COST, CoreLimiter, oneLimit, PLENTY, threeLimits, withThreeLimits } from "./support/limiters.mjs";
import { compare } from "./support/measure.mjs";

const tidegate = oneLimit();
const three = withThreeLimits();
const limiter = new RateLimiter({ tokensPerInterval: PLENTY, interval: "minute" });
const flexible = new RateLimiterMemory({ points: PLENTY, duration: 60 });

function tryRemoveTokens(count) {
  for (let i = 0; i < count; i++) limiter.tryRemoveTokens(1);
}

async function consume(count) {
  for (let i = 0; i < count; i++) await flexible.consume("key", 1);
}

const [kept, keptOfThree] = [[], []];
const releaseAll = (permits) => () => {
  for (const permit of permits.splice(0)) permit.release();
};

await compare("tryAcquire", {
  tidegate: {
    run(count) {
      for (let i = 0; i < count; i++) kept.push(tidegate.tryAcquire());
    },
    after: releaseAll(kept),
  },
  "tidegate, 3 limits": {
    run(count) {
      for (let i = 0; i < count; i++) keptOfThree.push(three.tryAcquire(COST));
    },
    after: releaseAll(keptOfThree),
  },
  limiter: tryRemoveTokens,
  "rate-limiter-flexible": consume,
});

await compare("tryAcquire + release", {
  tidegate(count) {
    for (let i = 0; i < count; i++) tidegate.tryAcquire().release();
  },
  "tidegate, 3 limits"(count) {
    for (let i = 0; i < count; i++) three.tryAcquire(COST).release();
  },
  limiter: tryRemoveTokens,
  "rate-limiter-flexible": consume,
});

const full = createLimiter({ limits: { default: { concurrency: 1 } } });
full.tryAcquire();
const empty = new RateLimiter({ tokensPerInterval: 1, interval: "day" });
empty.tryRemoveTokens(1);

await compare("tryAcquire, refused", {
  tidegate(count) {
    for (let i = 0; i < count; i++) full.tryAcquire();
  },
  limiter(count) {
    for (let i = 0; i < count; i++) empty.tryRemoveTokens(1);
  },
});

const core = new CoreLimiter({ limits: threeLimits }, performance.now());
const now = performance.now();
await compare("across the boundary: acquireNow + release", {
  tidegate(count) {
    for (let i = 0; i < count; i++) core.release(core.acquireNow(now, 0, 1, 1_000, 200, 0, 1));
  },
});
