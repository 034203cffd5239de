// Objects and their Workers in one process and in virtual time: what Cloudflare's runtime does, as far as a limiter sees it.
import { VirtualClock } from "../../glue/support.mjs";

const at = (path) => import(new URL(path, import.meta.resolve("tidegate")).href);
export const { LimiterObject } = await at("../cloudflare/object.js");
export const { sharedLimiter } = await at("../cloudflare/shared.js");
export { VirtualClock };

/** A namespace of objects whose hosts can be lost, and whose answers can. */
export class Objects {
  /** What happens to the next messages, in turn: "answer-lost" (it was heard) or "unheard"; then nothing. */
  trouble = [];
  /** How many messages came. */
  messages = 0;
  #hosts = new Map();
  #kept = new Map();
  #options;
  #clock;

  constructor(options, clock) {
    this.#options = options;
    this.#clock = clock;
  }

  idFromName(name) {
    return { name };
  }

  get({ name }) {
    return { fetch: (url, init) => this.#deliver(name, url, init) };
  }

  /** The object is gone with everything in its memory. Connections break; what it still does reaches nobody. */
  evict(name = "default") {
    this.#hosts.get(name)?.lose();
    this.#hosts.delete(name);
  }

  storage(name = "default") {
    let kept = this.#kept.get(name);
    if (kept === undefined) {
      kept = new Kept(this.#clock, () => this.#host(name).alarm());
      this.#kept.set(name, kept);
    }
    return kept;
  }

  #host(name) {
    let host = this.#hosts.get(name);
    if (host === undefined) {
      host = new Host(this.#options, this.#clock, this.storage(name));
      this.#hosts.set(name, host);
    }
    return host;
  }

  async #deliver(name, url, init) {
    this.messages += 1;
    const trouble = this.trouble.shift();
    await undefined;
    if (trouble === "unheard") throw new Error("Network connection lost.");
    const answer = this.#host(name).fetch(url, init);
    if (trouble !== "answer-lost") return answer;
    await answer.catch(() => undefined);
    throw new Error("Network connection lost.");
  }
}

/** One life of an object. */
class Host {
  #lost;
  #isLost = false;
  #ready = Promise.resolve();
  #object;

  constructor(options, clock, kept) {
    const broken = new Promise((_, reject) => {
      this.lose = () => {
        this.#isLost = true;
        reject(new Error("The Durable Object's code has been updated, this version can no longer access storage."));
      };
    });
    broken.catch(() => undefined);
    this.#lost = broken;
    const state = {
      storage: kept.of(() => this.#isLost),
      blockConcurrencyWhile: (callback) => {
        const done = this.#ready.then(callback);
        this.#ready = done.catch(() => undefined);
        return done;
      },
    };
    const object = class extends LimiterObject {
      options = { ...options, clock };
    };
    this.#object = new object(state, {});
  }

  async fetch(url, { signal, ...init }) {
    signal?.throwIfAborted();
    await Promise.race([this.#ready, this.#lost]);
    const response = await Promise.race([this.#object.fetch(new Request(url, init)), this.#lost]);
    const reader = response.body.getReader();
    let aborted;
    const gone = new Promise((_, reject) => {
      aborted = () => {
        void reader.cancel(signal.reason);
        reject(signal.reason);
      };
    });
    signal?.addEventListener("abort", aborted);
    try {
      const pieces = [];
      for (;;) {
        const { done, value } = await Promise.race([reader.read(), this.#lost, gone]);
        if (done) return new Response(new Blob(pieces), { status: response.status });
        pieces.push(value);
      }
    } finally {
      signal?.removeEventListener("abort", aborted);
    }
  }

  async alarm() {
    await this.#ready;
    await this.#object.alarm();
  }
}

/** The storage of one object, over all its lives. */
class Kept {
  values = new Map();
  alarmAt = null;
  writes = 0;
  #clock;
  #timer;
  #alarm;

  constructor(clock, alarm) {
    this.#clock = clock;
    this.#alarm = alarm;
  }

  /** As one life sees it: a lost one writes nothing any more. */
  of(isLost) {
    const check = () => {
      if (isLost()) throw new Error("this object can no longer access storage");
    };
    return {
      list: async ({ prefix }) => {
        check();
        return new Map([...this.values].filter(([key]) => key.startsWith(prefix)));
      },
      put: async (entries) => {
        check();
        const pairs = Object.entries(entries);
        if (pairs.length > 128) throw new RangeError("too many pairs");
        for (const [key, value] of pairs) {
          if (value.length * 2 > 128 * 1024) throw new RangeError("too large a value");
          this.values.set(key, value);
        }
        this.writes += 1;
      },
      delete: async (keys) => {
        check();
        if (keys.length > 128) throw new RangeError("too many keys");
        for (const key of keys) this.values.delete(key);
        return keys.length;
      },
      getAlarm: async () => this.alarmAt,
      setAlarm: async (alarmAt) => {
        check();
        this.#clock.clearTimer(this.#timer);
        this.alarmAt = alarmAt;
        this.#timer = this.#clock.setTimer(() => {
          this.alarmAt = null;
          this.#alarm();
        }, Math.max(alarmAt - this.#clock.wallNow(), 0));
      },
      sync: async () => {
        await new Promise(setImmediate);
        check();
      },
    };
  }
}
