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
  const { kind, limits, server, processes = [1], untold = false, count, arrivals } = WORKLOADS[name];
  const options = { seed, timing: TIMING, limits, ...server };
  const simulator = createSimulator({ ...options, clock: STANDING });

  const drawn = simulator.workload(kind, counted ?? MOST_JOBS, seed);
  const boundOf = (count) => simulator.bound(drawn.slice(0, count)).ms;
  const jobs = withShortEnd(drawn.slice(0, counted ?? count ?? countFor(boundOf, seconds * 1_000)));
  const handedIn = arrivalsOf(arrivals, jobs, simulator.bound(jobs).ms);
  const bound = simulator.bound(jobs, handedIn.map(({ handedInMs }) => handedInMs)).ms;
  const models = new Set(jobs.map((job) => job.model));
  return {
    name,
    family: jobs[0].api ?? "claude",
    untold,
    server: options,
    published: Object.entries(limits).map(([group, given]) => published(group, given, models)),
    processes: processes.length,
    boundMs: bound,
    jobs: jobs.map((job, index) => ({
      ...job,
      ...handedIn[index],
      index,
      process: turnOf(index, processes),
      body: JSON.parse(simulator.body(job, index)),
    })),
  };
}

/** The name of the limits that a model shares with others of its group, in the server's statistics. */
export function groupOf(model) {
  return GROUPS[model] ?? model;
}

/** The published limits of one group: what is counted, how much in which period, and how much at once. */
function published(group, { rpm, itpm, otpm, tpm, burstMs = MINUTE_MS, hideBurst = false, enforcement = "token-bucket" }, models) {
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
  return { models: group === "default" ? [group] : [...models].filter((model) => groupOf(model) === group), limits };
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

/**
 * The same jobs, with those that have long answers before the last third. No client can know which answers will be long;
 * whether one of them is the last of all is luck, and would be most of what is measured.
 */
function withShortEnd(jobs) {
  const ordered = [...jobs];
  const isLong = ({ outputTokens }) => outputTokens > SHORT_ANSWER_TOKENS;
  // Conversations keep their order, and so do those who are let pass.
  const mayMove = ({ shared }) => shared === undefined;
  const end = Math.ceil((jobs.length * 2) / 3);
  for (let late = jobs.length - 1, early = end - 1; late >= end; late--) {
    if (!isLong(ordered[late]) || !mayMove(ordered[late])) continue;
    const isAlike = ({ model, priority }) => model === ordered[late].model && priority === ordered[late].priority;
    while (early >= 0 && (isLong(ordered[early]) || !isAlike(ordered[early]))) early--;
    if (early < 0) break;
    [ordered[early], ordered[late]] = [ordered[late], ordered[early]];
  }
  return ordered;
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

const MINUTE_MS = 60_000;
/** What is calculated is calculated for the start of a run. */
const STANDING = { now: () => 0, setTimer: setTimeout, clearTimer: clearTimeout };
/** Enough for every workload at its longest. */
const MOST_JOBS = 1_500;
/** Half a second's worth. */
const SHORT_ANSWER_TOKENS = 150;
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
    arrivals: { of: (_, index) => index % 2 === 1, until: 0.5 },
  },
  interactive: {
    about: "one call in five is somebody waiting, beside a batch that takes all there is",
    kind: "interactive-and-batch",
    limits: { default: { ...AMPLE, itpm: 1_200_000, burstMs: 5_000 } },
    arrivals: { of: (job) => job.priority === "high", until: 0.9, interactive: true },
  },
  "two-models": {
    about: "each with limits of its own",
    kind: "two-models",
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
    about: "OpenAI's charging by max_tokens, many times the truth",
    kind: "openai-max-tokens",
    limits: { default: { rpm: 100_000, tpm: 600_000 } },
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
  "neighbour-comes": {
    about: "somebody else takes 60 % of the quota, four seconds in every eight",
    more: true,
    kind: "mixed",
    limits: { default: { ...AMPLE, itpm: 800_000, burstMs: 5_000 } },
    server: { neighbour: { share: 0.6, fromMs: 3_000, everyMs: 8_000, forMs: 4_000 } },
  },
  "limits-change": {
    about: "a limit that is halved for six seconds, and then half as high again",
    more: true,
    kind: "mixed",
    limits: { default: { ...AMPLE, itpm: 600_000, burstMs: 5_000 } },
    server: {
      changes: [
        // The same burst.
        { atMs: 4_000, limits: { default: { ...AMPLE, itpm: 300_000, burstMs: 10_000 } } },
        { atMs: 10_000, limits: { default: { ...AMPLE, itpm: 900_000, burstMs: 3_333 } } },
      ],
    },
  },
  storm: {
    about: "four fifths of the calls are answered 529 for three seconds",
    more: true,
    kind: "mixed",
    limits: { default: { ...AMPLE, itpm: 600_000, burstMs: 5_000 } },
    server: { storms: [{ fromMs: 4_000, untilMs: 7_000, share: 0.8 }] },
  },
  "no-headers": {
    about: "a server that states no limits",
    more: true,
    kind: "mixed",
    limits: { default: { ...AMPLE, itpm: 600_000, burstMs: 5_000 } },
    server: { headers: { hide: true } },
  },
  "lying-headers": {
    about: "headers that state twice what is left",
    more: true,
    kind: "mixed",
    limits: { default: { ...AMPLE, itpm: 600_000, burstMs: 5_000 } },
    server: { headers: { factor: 2 } },
  },
  "stale-headers": {
    about: "headers that state what was left three seconds ago",
    more: true,
    kind: "mixed",
    limits: { default: { ...AMPLE, itpm: 600_000, burstMs: 5_000 } },
    server: { headers: { staleMs: 3_000 } },
  },
};
