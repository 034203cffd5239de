// Objects and their Workers in one process and in virtual time: what Cloudflare's runtime does, as far as a limiter sees it.
import { VirtualClock } from "../../glue/support.mjs";

const at = (path) => import(new URL(path, import.meta.resolve("tidegate")).href);
export const { LimiterObject } = await at("../cloudflare/object.js");
export const { sharedLimiter } = await at("../cloudflare/shared.js");
export const { Store } = await at("../cloudflare/store.js");
export const { splitOptions } = await at("../cloudflare/options.js");
export const { MESSAGE_URL } = await at("../cloudflare/protocol.js");
export { VirtualClock };

/** An object with these options, and Workers that call through it. */
export function world(options = {}) {
  const clock = new VirtualClock();
  const objects = new Objects(options, clock);
  return { clock, objects, limiter: ({ object = objects, ...more } = {}) => sharedLimiter(object, { clock, ...more }) };
}

/** What has happened to a promise by now. */
export function watched(promise) {
  const seen = { value: undefined, error: undefined, isOver: false };
  promise.then(
    (value) => Object.assign(seen, { value, isOver: true }),
    (error) => Object.assign(seen, { error, isOver: true }),
  );
  return seen;
}

export async function snapshotOf({ clock, limiter }) {
  const snapshot = watched(limiter().snapshot());
  await clock.advance(0);
  return snapshot.value;
}

/** A namespace of objects whose hosts can be lost, and whose answers can. */
export class Objects {
  /** What happens to the next messages, in turn: "answer-lost" (it was heard) or "unheard". */
  trouble = [];
  /** What happens to those after them. */
  fate = () => undefined;
  /** How many messages came. */
  messages = 0;
  /** Hears all that is said. */
  listen = () => undefined;
  /** Is told of a message that has been heard, before its answer is on its way. */
  beforeAnswer = undefined;
  #dying = [];
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

  /** A limiter of a Worker that {@link kill} ends: it says and hears nothing any more, and its connections break. */
  dyingLimiter(limiter) {
    const killed = new AbortController();
    this.#dying.push(killed);
    const stub = {
      fetch: (url, init) => {
        if (killed.signal.aborted) return new Promise(() => undefined);
        const answer = this.#deliver("default", url, { ...init, signal: killed.signal });
        return answer.catch((error) => (killed.signal.aborted ? new Promise(() => undefined) : Promise.reject(error)));
      },
    };
    return limiter({ object: stub });
  }

  kill() {
    for (const killed of this.#dying.splice(0)) killed.abort(new Error("this Worker is dead"));
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
    const trouble = this.trouble.shift() ?? this.fate();
    await undefined;
    if (trouble === "unheard") throw new Error("Network connection lost.");
    const text = typeof init.body === "string" ? init.body : new TextDecoder().decode(init.body);
    this.listen(text);
    const host = this.#host(name);
    const answer = host.fetch(url, init, () => this.beforeAnswer?.(JSON.parse(text.split("\n", 1)[0])));
    if (trouble !== "answer-lost") return answer;
    await answer.then((response) => response.text()).catch(() => undefined);
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

  async fetch(url, { signal, ...init }, beforeAnswer) {
    signal?.throwIfAborted();
    await Promise.race([this.#ready, this.#lost]);
    const response = await Promise.race([this.#object.fetch(new Request(url, init)), this.#lost]);
    const reader = response.body.getReader();
    const gone = new Promise((_, reject) => {
      signal?.addEventListener("abort", () => {
        void reader.cancel(signal.reason);
        reject(signal.reason);
      });
    });
    gone.catch(() => undefined);
    const body = new ReadableStream({
      pull: async (controller) => {
        const { done, value } = await Promise.race([reader.read(), this.#lost, gone]);
        beforeAnswer();
        if (this.#isLost) await this.#lost;
        if (done) controller.close();
        else controller.enqueue(value);
      },
    });
    return new Response(body, { status: response.status });
  }

  async alarm() {
    await this.#ready;
    await this.#object.alarm();
  }
}

/** The storage of one object, over all its lives. */
export class Kept {
  values = new Map();
  alarmAt = null;
  writes = 0;
  /** What a write takes. */
  written = Promise.resolve();
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
        await this.written;
        check();
      },
    };
  }
}
