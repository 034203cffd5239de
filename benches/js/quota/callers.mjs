// Who makes the calls: Tidegate, the bare SDKs, and what programs are mostly made of.
import { createLimiter } from "tidegate";
import { omniscient } from "./omniscient.mjs";
import * as peers from "./peers.mjs";
import { clientOf, perform } from "./sdk.mjs";

/**
 * Each caller, by name: makes a function that takes a job and a callback for when its answer begins, and resolves at the
 * answer's end or throws. Whatever it does in between is what is measured.
 */
export const CALLERS = {
  "tidegate-told": { title: "Tidegate, told its limits", create: (scene) => tidegate(scene, { limits: limitsOf(scene.published) }) },
  "tidegate-nothing": { title: "Tidegate, told nothing", create: (scene) => tidegate(scene, {}) },
  "sdk": { title: "bare SDK (2 retries)", create: (scene) => bare(scene, {}) },
  "sdk-20": { title: "bare SDK, 20 retries", create: (scene) => bare(scene, { maxRetries: 20 }) },
  bottleneck: { title: "bottleneck", create: peer(peers.bottleneck) },
  "p-queue": { title: "p-queue + p-retry", create: peer(peers.pQueue) },
  limiter: { title: "limiter + p-retry", create: peer(peers.limiter), needsLimits: true },
  "rate-limiter-flexible": { title: "rate-limiter-flexible + p-retry", create: peer(peers.flexible), needsLimits: true },
  langchain: { title: "as LangChain's AsyncCaller", create: peer(peers.langchain) },
  omniscient: { title: "omniscient", create: omniscient, insideServer: true },
};

/** Whether a caller has anything to do with a workload: some cannot be without limits. */
export function takesPart(caller, workload) {
  if (!workload.untold) return true;
  return !CALLERS[caller].needsLimits && caller !== "tidegate-told";
}

/** What a provider publishes, as options of `createLimiter`. */
export function limitsOf(published) {
  const limits = published.flatMap(({ models, limits }) => models.map((model) => [model, { limits: limits.map(limitOf) }]));
  return Object.fromEntries(limits);
}

function limitOf({ dimension, perMinute, atOnce, windowMs, enforcement }) {
  if (enforcement !== "token-bucket") return { dimension, amount: atOnce, periodMs: windowMs, enforcement };
  return { dimension, amount: perMinute, periodMs: 60_000, burst: atOnce };
}

function tidegate({ family, url }, options) {
  const limiter = createLimiter(options);
  const client = clientOf(family, url, { fetch: limiter.fetch, maxRetries: 0 });
  return (job, began) => perform(client, job, began, { "x-tidegate-priority": job.priority });
}

function bare({ family, url }, options) {
  const client = clientOf(family, url, options);
  return (job, began) => perform(client, job, began);
}

function peer(create) {
  return (scene) => {
    const client = clientOf(scene.family, scene.url, { maxRetries: 0 });
    const call = create(scene);
    return (job, began) => call(job, () => perform(client, job, began));
  };
}
