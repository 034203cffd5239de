// A turn that comes at once, in the asynchronous way.
import { Sema } from "async-sema";
import Bottleneck from "bottleneck";
import { RateLimiter } from "limiter";
import pLimit from "p-limit";
import PQueue from "p-queue";
import { createLimiter } from "tidegate";
import { COST, PLENTY, withThreeLimits } from "./support/limiters.mjs";
import { compare } from "./support/measure.mjs";

const CONCURRENCY = 1_000;

const tidegate = createLimiter({ limits: { default: { concurrency: CONCURRENCY } } });
const three = withThreeLimits();
const sema = new Sema(CONCURRENCY);
const bottleneck = new Bottleneck({ maxConcurrent: CONCURRENCY });
const limiter = new RateLimiter({ tokensPerInterval: PLENTY, interval: "minute" });
const limit = pLimit(CONCURRENCY);
const queue = new PQueue({ concurrency: CONCURRENCY });
const task = async () => {};

const runners = {
  "p-limit": async (count) => {
    for (let i = 0; i < count; i++) await limit(task);
  },
  "p-queue": async (count) => {
    for (let i = 0; i < count; i++) await queue.add(task);
  },
  bottleneck: {
    // It sets timers, so an operation takes milliseconds.
    operations: 4,
    async run(count) {
      for (let i = 0; i < count; i++) await bottleneck.schedule(task);
    },
  },
};
const rounds = { operations: 2_000, rounds: 100 };

await compare(
  "a turn at once",
  {
    async tidegate(count) {
      for (let i = 0; i < count; i++) (await tidegate.acquire()).release();
    },
    async "tidegate, 3 limits"(count) {
      for (let i = 0; i < count; i++) (await three.acquire(COST)).release();
    },
    ...runners,
    async "async-sema"(count) {
      for (let i = 0; i < count; i++) {
        await sema.acquire();
        sema.release();
      }
    },
    async limiter(count) {
      for (let i = 0; i < count; i++) await limiter.removeTokens(1);
    },
  },
  rounds,
);

await compare(
  "a task run at once",
  {
    async tidegate(count) {
      for (let i = 0; i < count; i++) await tidegate.schedule(task);
    },
    ...runners,
  },
  rounds,
);
