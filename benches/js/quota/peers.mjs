// The peers, each set up as its own documentation advises for limits that are published: the best ordinary
// configuration of somebody who has read it.
//
// They are given more than most programs have. They know the true size of every prompt, less the system prompt where that
// is cached, and what an answer costs on average; where a smaller burst is published, they are told it; of the processes
// that share a quota, each is told its part. What no configuration says, they do not know: what the server's headers
// state, what its cache holds at an instant, who else is there.
//
// A refusal or a fault is tried again as the library does, or by p-retry with its defaults and `randomize`: ten times,
// after 1 to 2 s, 2 to 4 s, 4 to 8 s and so on. Retries go through the limiter again where that is possible.
import Bottleneck from "bottleneck";
import { RateLimiter, TokenBucket } from "limiter";
import PQueue from "p-queue";
import pRetry from "p-retry";
import { RateLimiterMemory, RateLimiterQueue } from "rate-limiter-flexible";

/**
 * A Bottleneck for each limit, one inside the other, because a job has one weight. A token bucket is a reservoir that
 * increases each second, as its documentation has it for Shopify's; a window is a reservoir that is refreshed.
 * `maxConcurrent` is "strongly recommended". The event "failed" gives the delay of a retry.
 */
export function bottleneck(scene) {
  const groups = limitersOf(scene, ({ perMinute, atOnce, windowMs, enforcement }, place) => {
    const perSecond = perMinute / 60;
    const refilled =
      enforcement === "token-bucket"
        ? { reservoirIncreaseAmount: perSecond, reservoirIncreaseInterval: 1_000, reservoirIncreaseMaximum: atOnce }
        : { reservoirRefreshAmount: atOnce, reservoirRefreshInterval: windowMs };
    return new Bottleneck({ ...refilled, reservoir: atOnce, ...(place === 0 && { maxConcurrent: MAX_CONCURRENT }) });
  });
  const outermost = (job) => groups.of(job)[0]?.limiter;
  const all = new Set(groups.all.map(([first]) => first?.limiter));
  const only = new Bottleneck({ maxConcurrent: MAX_CONCURRENT });
  for (const limiter of [...all].filter(Boolean).concat(only)) {
    limiter.on("failed", (error, { retryCount }) => {
      if (isWorthARetry(error) && retryCount < RETRIES) return 1_000 * 2 ** retryCount * (1 + Math.random());
    });
  }
  return (job, send) => {
    const priority = PRIORITIES[job.priority];
    if (outermost(job) === undefined) return only.schedule({ priority }, send);
    const nested = groups
      .of(job)
      .reduceRight((run, { limiter, cost }) => () => limiter.schedule({ priority, weight: Math.ceil(cost(job)) }, run), send);
    return nested();
  };
}

/**
 * A queue for each model, with `strict`, "when an API enforces strict rate limits". A task counts as one whatever its
 * size, so the cap is what the tightest limit lets start on average.
 */
export function pQueue(scene) {
  const queues = new Map();
  const queueOf = (job) => {
    const limits = scene.told.find(({ models }) => isOf(models, job))?.limits ?? [];
    if (!queues.has(limits)) {
      const caps = limits.map(({ dimension, atOnce, windowMs }) => ({
        intervalCap: Math.max(1, Math.floor(atOnce / meanCost(scene, dimension))),
        interval: windowMs,
      }));
      const [tightest] = caps.sort((one, other) => one.intervalCap - other.intervalCap);
      queues.set(limits, new PQueue({ concurrency: MAX_CONCURRENT, ...(tightest && { ...tightest, strict: true }) }));
    }
    return queues.get(limits);
  };
  return (job, send) => retried(() => queueOf(job).add(send, { priority: 10 - PRIORITIES[job.priority] }));
}

/** A token bucket for each limit, which begins full as the server's does; for a window the interval limiter. */
export function limiter(scene) {
  const groups = limitersOf(scene, ({ perMinute, atOnce, windowMs, enforcement }) => {
    if (enforcement !== "token-bucket") return new RateLimiter({ tokensPerInterval: atOnce, interval: windowMs });
    const bucket = new TokenBucket({ bucketSize: atOnce, tokensPerInterval: perMinute, interval: "minute" });
    bucket.content = atOnce;
    return bucket;
  });
  return (job, send) =>
    retried(async () => {
      for (const { limiter, cost } of groups.of(job)) await limiter.removeTokens(cost(job));
      return send();
    });
}

/** A queue before a limiter in memory for each limit: so many points in each duration, which begins at the first use. */
export function flexible(scene) {
  const groups = limitersOf(
    scene,
    ({ atOnce, windowMs }) => new RateLimiterQueue(new RateLimiterMemory({ points: atOnce, duration: windowMs / 1_000 })),
  );
  return (job, send) =>
    retried(async () => {
      for (const { limiter, cost } of groups.of(job)) await limiter.removeTokens(Math.ceil(cost(job)));
      return send();
    });
}

/**
 * What `AsyncCaller` of @langchain/core 1.4.0 does (`dist/utils/async_caller.js`, read 2026-11-26), which brings
 * megabytes of other packages: a p-queue around p-retry with six random retries. A 429 with `retry-after` up to a minute
 * waits at least that long; without one it fails at once. Some statuses are never tried again.
 */
export function langchain() {
  const queue = new PQueue({ concurrency: MAX_CONCURRENT });
  const onFailedAttempt = async ({ error, retryDelay }) => {
    const { status } = error;
    if ([400, 401, 402, 403, 404, 405, 406, 407, 409, 413].includes(status)) throw error;
    if (status !== 429) return;
    const retryAfterMs = Number(error.headers?.get("retry-after") ?? Number.NaN) * 1_000;
    if (!(retryAfterMs <= 60_000)) throw error;
    // p-retry then waits for its own delay: both together are the longer of the two.
    await new Promise((resolve) => setTimeout(resolve, Math.max(0, retryAfterMs - retryDelay)));
  };
  return (job, send) => queue.add(() => pRetry(send, { retries: 6, randomize: true, onFailedAttempt }));
}

/** Makes the limiters of each group of models, and finds those of a job with what it costs there. */
function limitersOf(scene, create) {
  const groups = scene.told.map(({ models, limits }) => ({
    models,
    limiters: limits.map((limit, place) => ({ limiter: create(limit, place), cost: (job) => costOf(scene, limit.dimension, job) })),
  }));
  return {
    all: groups.map(({ limiters }) => limiters),
    of: (job) => groups.find(({ models }) => isOf(models, job))?.limiters ?? [],
  };
}

function isOf(models, job) {
  return models.includes("default") || models.includes(job.model);
}

/** What somebody with a tokenizer and some experience expects of a call. */
function costOf(scene, dimension, job) {
  switch (dimension) {
    case "requests":
      return 1;
    case "input_tokens":
      return job.inputTokens - (job.shared?.systemTokens ?? 0);
    case "output_tokens":
      return Math.min(job.maxTokens, scene.meanOutputTokens);
    default:
      return Math.max(job.maxTokens, job.inputTokens);
  }
}

function meanCost(scene, dimension) {
  const costs = scene.jobs.map((job) => costOf(scene, dimension, job));
  return costs.reduce((sum, cost) => sum + cost, 0) / costs.length;
}

function retried(attempt) {
  return pRetry(attempt, { retries: RETRIES, randomize: true, shouldRetry: ({ error }) => isWorthARetry(error) });
}

/** What the SDKs themselves try again: no answer, 408, 409, 429 and server errors. */
function isWorthARetry({ status, cause, code }) {
  if (status === undefined) return cause !== undefined || code !== undefined;
  return [408, 409, 429].includes(status) || status >= 500;
}

/** Bottleneck's scale, in which 0 goes first and 5 is the default. */
const PRIORITIES = { critical: 0, high: 2, normal: 5, low: 8 };
/** Far more than any of the workloads keeps in flight in its steady part, and what a careful program has. */
const MAX_CONCURRENT = 50;
/** The default of p-retry. */
const RETRIES = 10;
