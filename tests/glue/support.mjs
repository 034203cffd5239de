// What the tests of this folder share: virtual time, upstreams that are scripted, and the class under the glue.
import { createLimiter } from "tidegate";

/** The WebAssembly class itself, to spy on it or to make it fail. */
export const { CoreLimiter } = await import(new URL("../wasm/core.js", import.meta.resolve("tidegate")).href);

export const MESSAGES = "https://api.example.test/v1/messages";

/** Arguments of a fetch that looks like a call of the Messages API. */
export function messagesCall(init = {}) {
  const { headers, ...rest } = init;
  return [
    MESSAGES,
    {
      method: "POST",
      headers: { "content-type": "application/json", "anthropic-version": "2023-06-01", ...headers },
      body: JSON.stringify({ model: "claude-test-1", max_tokens: 16, messages: [{ role: "user", content: "hi" }] }),
      ...rest,
    },
  ];
}

/** The answer of the Messages API as bytes of JSON. */
export function messagesAnswer(init = {}) {
  const usage = { input_tokens: 8, output_tokens: 4 };
  return Response.json({ type: "message", model: "claude-test-1", content: [], usage }, init);
}

/** A limiter that lets one call run at a time, so that a second one must queue. */
export function oneAtATime(options = {}) {
  return createLimiter({ limits: { default: { concurrency: 1 } }, ...options });
}

/** An upstream that answers with each handler in turn (the last one for ever) and keeps what it was called with. */
export function upstream(...handlers) {
  const calls = [];
  const fetch = (...args) => {
    calls.push(args);
    const handler = handlers[Math.min(calls.length, handlers.length) - 1];
    return handler(...args);
  };
  return Object.assign(fetch, { calls });
}

/** A clock that stands still until it is moved. Its timers fire in order, each after everything before has settled. */
export class VirtualClock {
  time = 0;
  /** Every delay that was ever asked for. */
  delays = [];
  /** By how much timers fire before they are due: real ones do, by less than a millisecond. */
  earlyMs = 0;
  #timers = new Map();
  #next = 1;

  now = () => this.time;
  wallNow = () => Date.UTC(2026, 0, 1) + this.time;
  setTimer = (fire, delayMs) => {
    this.delays.push(delayMs);
    this.#timers.set(this.#next, { at: this.time + Math.max(delayMs - this.earlyMs, 0), fire });
    return this.#next++;
  };
  clearTimer = (id) => {
    this.#timers.delete(id);
  };

  get armed() {
    return this.#timers.size;
  }

  /** The time is suddenly another, and the timers, which only count, know nothing of it. */
  jump(ms) {
    this.time += ms;
    for (const timer of this.#timers.values()) timer.at += ms;
  }

  /** Lets `ms` pass. */
  async advance(ms) {
    const until = this.time + ms;
    for (;;) {
      await settled();
      const due = [...this.#timers].filter(([, timer]) => timer.at <= until);
      if (due.length === 0) break;
      const [id, timer] = due.reduce((first, other) => (other[1].at < first[1].at ? other : first));
      this.#timers.delete(id);
      this.time = Math.max(this.time, timer.at);
      timer.fire();
    }
    this.time = until;
    await settled();
  }
}

/** Until every promise that can settle without time has settled. */
export async function settled() {
  for (let turn = 0; turn < 4; turn++) await new Promise(setImmediate);
}

export function deferred() {
  let resolve, reject;
  const promise = new Promise((...functions) => {
    [resolve, reject] = functions;
  });
  return { promise, resolve, reject };
}

/** What became of a promise so far: "pending", "fulfilled" or "rejected". */
export async function stateOf(promise) {
  await settled();
  const pending = {};
  return Promise.race([promise, pending]).then(
    (value) => (value === pending ? "pending" : "fulfilled"),
    () => "rejected",
  );
}

/** A body of default-stream chunks that tells what happens to it. */
export function scriptedBody(chunks, { end = true } = {}) {
  const log = { pulled: 0, cancelled: undefined };
  const queue = [...chunks];
  const stream = new ReadableStream(
    {
      pull(controller) {
        log.pulled += 1;
        if (queue.length > 0) controller.enqueue(queue.shift());
        else if (end) controller.close();
        else return new Promise(() => {});
      },
      cancel(reason) {
        log.cancelled = { reason };
      },
    },
    { highWaterMark: 0 },
  );
  return { stream, log };
}

/**
 * The arguments of each call of one method of the core while `run` runs; bytes as they were at that moment.
 * Only of cores that `run` gives a call to: a body that an earlier test dropped may be collected at any moment, and its limiter then ends that call.
 */
export async function spied(method, run) {
  const { prototype } = CoreLimiter;
  const calls = [];
  const cores = new Set();
  const originals = Object.fromEntries([...ENTRANCES, method].map((name) => [name, prototype[name]]));
  for (const name of ENTRANCES) {
    prototype[name] = function (...args) {
      cores.add(this);
      return originals[name].apply(this, args);
    };
  }
  const original = prototype[method];
  prototype[method] = function (...args) {
    calls.push({ core: this, args: args.map((arg) => (arg instanceof Uint8Array ? arg.slice() : arg)) });
    return original.apply(this, args);
  };
  try {
    await run();
  } finally {
    Object.assign(prototype, originals);
  }
  return calls.filter(({ core }) => cores.has(core)).map(({ args }) => args);
}

/** The methods by which a core is given a call. */
const ENTRANCES = ["acquireNow", "submit", "submitRequest"];
