// A caller that may see what no client can: what the server has left at this instant, whatever its headers say, what its
// cache holds, when it is overloaded, and how large each prompt and each answer will be. It shows what is possible.
//
// It sends a call as soon as the server would take it: first those that somebody waits for, then those that others come
// after, then the longest answers, so that none of these is the last. Its program runs in the server's process, and its
// calls take the way over loopback.
import { clientOf, perform } from "./sdk.mjs";
import { groupOf } from "./workloads.mjs";

export function omniscient({ family, url, truth: known, jobs }) {
  const client = clientOf(family, url, { maxRetries: 0 });
  const truth = new Truth(known, jobs);
  const line = [];
  let advancing = false;

  const advance = async () => {
    if (advancing) return;
    advancing = true;
    while (line.length > 0) {
      const first = firstThatFits(line, truth);
      if (first === undefined) await pause();
      else {
        line.splice(line.indexOf(first), 1);
        truth.starting(first.job);
        first.start();
        // So that it is sent before the next one is looked at.
        await nextTurn();
      }
    }
    advancing = false;
  };
  const place = (job) =>
    new Promise((start) => {
      const waiting = { job, start };
      const after = line.findIndex((other) => isBefore(job, other.job));
      line.splice(after < 0 ? line.length : after, 0, waiting);
      void advance();
    });

  return async (job, began) => {
    for (;;) {
      await place(job);
      let hasBegun = false;
      const begin = () => {
        hasBegun = true;
        truth.answering(job);
        began();
      };
      try {
        return await perform(client, job, begin);
      } catch (error) {
        if (hasBegun) throw error;
        truth.failed(job);
      }
    }
  };
}

/** What the server will do with a job. */
class Truth {
  #simulator;
  #storms;
  #now;
  #jobs;
  /** What has been sent and not been counted yet, in the order of sending: its group, and what it will be charged. */
  #onTheWay = [];
  #sent = 0;
  /** What the server has taken too low an estimate of, of jobs whose answer has not begun: by job, its group and how much. */
  #uncorrected = new Map();
  /** Beginnings of prompts that are in the cache, and those that are on their way there. */
  #written = new Set();
  #writing = new Set();

  constructor({ simulator, storms, now }, jobs) {
    this.#simulator = simulator;
    this.#storms = storms;
    this.#now = now;
    this.#jobs = jobs;
  }

  /** What is left of each limit, by group, less what is about to be counted. Groups that nobody has used are not among them. */
  levels() {
    const groups = this.#simulator.stats().organisations.flatMap(({ groups }) => groups);
    const arrived = groups.reduce((sum, { counts }) => sum + counts.requests, 0);
    // They arrive in the order in which they were sent, or nearly so.
    this.#onTheWay.splice(0, this.#onTheWay.length - (this.#sent - arrived));
    return new Map(groups.map(({ group, limits }) => [group, limits.map((limit) => this.#level(group, limit))]));
  }

  #level(group, { dimension, remaining }) {
    let left = remaining;
    for (const { group: other, charge } of this.#onTheWay) if (other === group) left -= charge[dimension];
    if (dimension === "inputTokens") {
      for (const { group: other, tokens } of this.#uncorrected.values()) if (other === group) left -= tokens;
    }
    return { dimension, left };
  }

  /** Whether the server would take the job now, and nobody is about to write what it could then read from the cache. */
  takes(job, levels) {
    if (this.#isUnwritten(job) && this.#writing.has(job.shared.system)) return false;
    const now = this.#now();
    if (this.#storms.some(({ fromMs, untilMs }) => fromMs <= now && now < untilMs)) return false;
    const group = groupOf(job.model);
    const limits = levels.get(group);
    // The first one of a group finds everything full; how full, its arrival tells.
    if (limits === undefined) return !this.#onTheWay.some((other) => other.group === group);
    return limits.every(({ dimension, left }) => left >= this.#needs(job, dimension));
  }

  starting(job) {
    if (this.#isUnwritten(job)) this.#writing.add(job.shared.system);
    const group = groupOf(job.model);
    const [input, tokens] = [this.#needs(job, "inputTokens"), this.#needs(job, "tokens")];
    this.#sent += 1;
    this.#onTheWay.push({ group, charge: { requests: 1, inputTokens: input, outputTokens: 0, tokens } });
    this.#uncorrected.set(job.index, { group, tokens: Math.max(0, this.#tokensLeftToRead(job) - input) });
  }

  /** What its prompt marked is in the cache. */
  answering({ index, shared }) {
    this.#uncorrected.delete(index);
    if (shared) this.#written.add(shared.system).add(`turn ${index}`);
  }

  failed(job) {
    this.#uncorrected.delete(job.index);
    if (this.#isUnwritten(job)) this.#writing.delete(job.shared.system);
  }

  #isUnwritten({ shared }) {
    return shared !== undefined && !this.#written.has(shared.system);
  }

  #needs(job, dimension) {
    switch (dimension) {
      case "requests":
      case "outputTokens":
        return 1;
      case "inputTokens":
        return Math.ceil((this.#tokensLeftToRead(job) / job.inputTokens) * (charactersOf(job.body) / 4)) + ROUNDING;
      default:
        return Math.max(job.maxTokens, Math.ceil(charactersOf(job.body) / 4));
    }
  }

  #tokensLeftToRead({ inputTokens, shared, after }) {
    if (shared === undefined || !this.#written.has(shared.system)) return inputTokens;
    const grown = shared.grows && this.#written.has(`turn ${after}`);
    const turn = grown ? this.#jobs.find(({ index }) => index === after).inputTokens : 0;
    return inputTokens - Math.max(turn, shared.systemTokens);
  }
}

function firstThatFits(line, truth) {
  const levels = truth.levels();
  const closed = new Set();
  for (const waiting of line) {
    const group = groupOf(waiting.job.model);
    if (closed.has(group)) continue;
    if (truth.takes(waiting.job, levels)) return waiting;
    // Nobody passes: small jobs would keep a large one waiting.
    closed.add(group);
  }
  return undefined;
}

function isBefore(job, other) {
  if (job.interactive || other.interactive) return job.interactive && !other.interactive;
  const [grows, otherGrows] = [job, other].map(({ shared }) => shared?.grows === true);
  return grows === otherGrows ? job.outputTokens > other.outputTokens : grows;
}

function charactersOf({ system = [], messages }) {
  const texts = [...system.map(({ text }) => text), ...messages.map(({ content }) => content)];
  return texts.reduce((sum, text) => sum + text.length, 0);
}

const pause = () => new Promise((resolve) => setTimeout(resolve, 1));
const nextTurn = () => new Promise((resolve) => setImmediate(resolve));
/** What the frames of messages add to a prompt, and what is rounded up. */
const ROUNDING = 4;
