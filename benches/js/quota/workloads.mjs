// What is to be done, and by whose rules: jobs, a server, and what its provider publishes of its limits.
import { createSimulator } from "tidegate/simulator";

/**
 * A workload by its name, made to measure: as many jobs as take `seconds` at the least, or as are counted already.
 *
 * @returns `jobs`, each with `body`, `handedInMs`, `interactive` and the number of the process that has it; the `server`'s
 * options; what is `published`; `boundMs`; how many `processes` there are; which `family` of APIs is spoken; and whether
 * nobody is told anything (`untold`).
 */
export function workloadOf(name, { seconds, seed, count: counted }) {
  const { kind, limits, server, family = "claude", processes = [1], untold = false, count, arrivals, models } = WORKLOADS[name];
  const options = { seed, timing: TIMING, limits, ...server };
  const simulator = createSimulator(options);
  const bounds = createSimulator({ ...options, limits: leftBy(server?.neighbour, limits) });

  const drawn = simulator.workload(kind, counted ?? MOST_JOBS, seed).map((job, index) => ({
    ...job,
    ...(models && { model: models[index % models.length] }),
    ...(family === "openai" && { maxTokens: job.outputTokens * 8 }),
  }));
  const boundOf = (count) => boundMs(family, bounds, limits, drawn.slice(0, count));
  const jobs = drawn.slice(0, counted ?? count ?? countFor(boundOf, seconds * 1_000));
  const bound = boundOf(jobs.length);
  const handedIn = arrivalsOf(arrivals, jobs, bound);
  const publishedOf = Object.entries(limits).map(([group, given]) => published(models ?? [group], group, given));
  return {
    name,
    family,
    untold,
    server: options,
    published: publishedOf,
    processes: processes.length,
    boundMs: bound,
    // Plain, as the simulator knows them, and what only this benchmark knows of them.
    plain: jobs,
    jobs: jobs.map((job, index) => ({
      ...job,
      ...handedIn[index],
      index,
      process: turnOf(index, processes),
      body: bodyOf(family, simulator, job, index),
    })),
  };
}

/** The name of the limits that a model shares with others of its group, in the server's statistics. */
export function groupOf(model) {
  return GROUPS[model] ?? model;
}

/** The published limits of one group: what is counted, how much in which period, and how much at once. */
function published(models, group, { rpm, itpm, otpm, tpm, burstMs = MINUTE_MS, hideBurst = false, enforcement = "token-bucket" }) {
  const amounts = { requests: rpm, input_tokens: itpm, output_tokens: otpm, tokens: tpm };
  const known = Object.entries(amounts).filter(([, perMinute]) => perMinute !== undefined);
  const atOnceMs = hideBurst ? MINUTE_MS : burstMs;
  const limits = known.map(([dimension, perMinute]) => ({
    dimension,
    perMinute,
    atOnce: Math.floor((perMinute * atOnceMs) / MINUTE_MS),
    windowMs: atOnceMs,
    enforcement,
  }));
  return { models: models.filter((model) => group === "default" || groupOf(model) === group), limits };
}

/** As many jobs as take this long at the least: each further one makes the bound longer. */
function countFor(boundOf, ms) {
  let [low, high] = [1, MOST_JOBS];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (boundOf(middle) < ms) low = middle + 1;
    else high = middle;
  }
  return low;
}

function boundMs(family, simulator, limits, jobs) {
  if (family === "claude") return simulator.bound(jobs).ms;
  // The larger of what is allowed and what is asked, charged when admitted; after the last, its answer.
  const { tpm } = limits.default;
  const total = jobs.reduce((sum, job) => sum + Math.max(job.maxTokens, job.inputTokens), 0);
  const shortest = TIMING.firstTokenMs * (1 - TIMING.variation);
  return Math.max(0, total - tpm) / (tpm / MINUTE_MS) + shortest;
}

/** What a steady neighbour leaves of the limits: bursts of the same size that fill more slowly. */
function leftBy(neighbour, limits) {
  const left = 1 - (neighbour?.share ?? 0);
  const leave = ({ rpm, itpm, otpm, burstMs = MINUTE_MS, ...rest }) => {
    const part = (amount) => amount && Math.round(amount * left);
    return { ...rest, rpm: part(rpm), itpm: part(itpm), otpm: part(otpm), burstMs: Math.round(burstMs / left) };
  };
  return left === 1 ? limits : Object.fromEntries(Object.entries(limits).map(([group, given]) => [group, leave(given)]));
}

/** When each job is handed in: at once, or spread over the time that the work takes at the least. */
function arrivalsOf(arrivals, jobs, bound) {
  const later = arrivals === undefined ? [] : jobs.filter(arrivals.of);
  const places = new Map(later.map((job, place) => [job, place]));
  return jobs.map((job) => {
    if (!places.has(job)) return { interactive: false, handedInMs: 0 };
    const handedInMs = Math.round((bound * arrivals.until * (places.get(job) + 0.5)) / later.length);
    return { interactive: arrivals.interactive === true, handedInMs };
  });
}

/** Whose turn it is where processes have so many jobs each of a hundred. */
function turnOf(index, shares) {
  const sum = shares.reduce((total, share) => total + share, 0);
  // A stride that has no divisor in common with a hundred visits every residue.
  let place = (index * 61) % sum;
  return shares.findIndex((share) => (place -= share) < 0);
}

function bodyOf(family, simulator, job, index) {
  if (family === "claude") return JSON.parse(simulator.body(job, index));
  const { model, maxTokens, stream } = job;
  const messages = [{ role: "user", content: simulator.prompt(job.inputTokens, index) }];
  return { model, max_completion_tokens: maxTokens, messages, ...(stream && { stream, stream_options: { include_usage: true } }) };
}

const MINUTE_MS = 60_000;
/** Enough for every workload at its longest. */
const MOST_JOBS = 1_500;
/** Faster than models are, so that a quarter of a minute holds hundreds of answers. */
const TIMING = { firstTokenMs: 200, tokensPerSecond: 500, refusalMs: 10, variation: 0.1 };
/** Which limits a model shares, where a workload has several. */
const GROUPS = { "claude-sonnet-5": "claude-sonnet-5", "claude-haiku-4-5": "claude-haiku-4.5" };

/** Limits that do not bind where others do. */
const AMPLE = { rpm: 100_000, itpm: 100_000_000, otpm: 100_000_000 };

/**
 * A server begins with full buckets. Where they hold a whole minute's worth, as Claude's and OpenAI's are published, most
 * of the work goes at once and the rest waits; where they are published as smaller, it waits from the start.
 */
export const WORKLOADS = {
  "request-bound": { about: "300 requests a minute", kind: "requests-bound", limits: { default: { ...AMPLE, rpm: 300 } } },
  "input-bound": {
    about: "prompts from 120 to 12,000 tokens",
    kind: "input-bound",
    limits: { default: { ...AMPLE, itpm: 600_000 } },
  },
  "output-bound": {
    about: "max_tokens ten times the truth; half of the calls come later",
    kind: "output-bound",
    limits: { default: { ...AMPLE, otpm: 120_000, burstMs: 5_000 } },
    arrivals: { of: (_, index) => index % 2 === 1, until: 0.7 },
  },
  interactive: {
    about: "one call in five is somebody waiting, beside a batch that takes all there is",
    kind: "interactive-and-batch",
    limits: { default: { ...AMPLE, itpm: 1_200_000, burstMs: 5_000 } },
    arrivals: { of: (job) => job.priority === "high", until: 0.9, interactive: true },
  },
  "two-models": {
    about: "each with limits of its own",
    kind: "mixed",
    models: ["claude-sonnet-5", "claude-haiku-4-5"],
    limits: {
      "claude-sonnet-5": { ...AMPLE, itpm: 400_000, burstMs: 5_000 },
      "claude-haiku-4.5": { ...AMPLE, itpm: 400_000, burstMs: 5_000 },
    },
  },
  neighbour: {
    about: "somebody else takes 40 % of the quota",
    kind: "mixed",
    limits: { default: { ...AMPLE, itpm: 900_000, burstMs: 5_000 } },
    server: { neighbour: { share: 0.4 } },
  },
  faults: {
    about: "2 % of the calls fail: 529, 500, or a lost connection",
    kind: "mixed",
    limits: { default: { ...AMPLE, itpm: 600_000, burstMs: 5_000 } },
    server: { faults: { overloaded: 0.01, error: 0.005, drop: 0.005 } },
  },
  "hidden-burst": {
    about: "600 a minute, enforced as 10 a second, which the headers hide",
    kind: "requests-bound",
    limits: { default: { ...AMPLE, rpm: 600, burstMs: 1_000, hideBurst: true } },
  },
  "four-processes": {
    about: "nothing shared but the quota, and unequal work: 35, 28, 22 and 15 of a hundred calls",
    kind: "mixed",
    limits: { default: { ...AMPLE, itpm: 800_000, burstMs: 5_000 } },
    processes: [35, 28, 22, 15],
  },
  "max-tokens": {
    about: "OpenAI's charging by max_tokens, eight times the truth",
    kind: "output-bound",
    family: "openai",
    limits: { default: { rpm: 100_000, tpm: 900_000 } },
    models: ["gpt-5-mini"],
  },
  "cached-prefix": {
    about: "one large system prompt, cached, and conversations that grow",
    kind: "cached-prefix",
    limits: { default: { ...AMPLE, itpm: 60_000, burstMs: 20_000 } },
  },
  "fixed-window": {
    about: "100 requests in each ten seconds of the clock",
    kind: "requests-bound",
    limits: { default: { ...AMPLE, rpm: 600, burstMs: 10_000, enforcement: "fixed-window" } },
    count: 290,
  },
  "sliding-window": {
    about: "100 requests in any ten seconds",
    kind: "requests-bound",
    limits: { default: { ...AMPLE, rpm: 600, burstMs: 10_000, enforcement: "sliding-window" } },
    count: 290,
  },
  "charged-refusals": {
    about: "600 a minute, 100 at once, and a refusal counts as a request",
    kind: "requests-bound",
    limits: { default: { ...AMPLE, rpm: 600, burstMs: 10_000 } },
    server: { chargeRefusals: true },
  },
  unconfigured: {
    about: "nobody is told any limit",
    kind: "mixed",
    limits: { default: { ...AMPLE, itpm: 600_000, burstMs: 5_000 } },
    untold: true,
  },
};
