import { type AbortHandler, AbortWatch, abortedSignal } from "../glue/abort.js";
import { type Clock, systemClock } from "../glue/clock.js";
import { checkCost, type Cost, type CostRecord, NOTHING_STATED } from "../glue/cost.js";
import { OptionError } from "../glue/errors.js";
import {
  type AcquireHints,
  NO_HINTS,
  NORMAL,
  type ResolvedHints,
  resolveHints,
  type ScheduleHints,
  type ViewHints,
} from "../glue/hints.js";
import type { Fetch } from "../glue/options.js";
import { OutgoingRequest } from "../glue/request.js";
import type { Snapshot } from "../glue/snapshot.js";
import type { Estimate } from "../glue/standing.js";
import { SharedCall } from "./call.js";
import { UnreachableError, unpacked } from "./errors.js";
import { Link } from "./link.js";
import { type Desk, Place, type Submission } from "./place.js";
import { SharedPermit } from "./permit.js";
import type { Answer, Message } from "./protocol.js";
import type { KeptAlive, ObjectNamespace, ObjectStub } from "./runtime.js";

/** Hints of a {@link SharedLimiter}: those of a limiter, but for what would need the object in the same memory. */
export type SharedHints = Omit<ViewHints, Unshared>;

/** Hints of {@link SharedLimiter.acquire}. */
export type SharedAcquireHints = Omit<AcquireHints, Unshared>;

/** Hints of {@link SharedLimiter.schedule}. */
export type SharedScheduleHints = Omit<ScheduleHints, Unshared>;

type Unshared = "dedupe" | "cache" | "onWait";

/** Options of {@link sharedLimiter}. */
export interface SharedOptions {
  /** Which object of the namespace: one for each pool of quota. Without a namespace, it has no effect. @default "default" */
  readonly name?: string;
  /**
   * What the Worker's handler was called with. With it, a call of which the client has lost interest still tells how it
   * ended; without, its place is free only when its lease has ended. @default nothing is kept alive
   */
  readonly ctx?: KeptAlive;
  /** Sends the requests. @default the global fetch, looked up at each request */
  readonly fetch?: Fetch;
  /** @default the runtime's clock and timers */
  readonly clock?: Clock;
}

/**
 * The limiter that the object behind this binding is. Nothing is sent before the first call; make one for each request
 * that a Worker handles, with its `ctx`.
 *
 * ```ts
 * export default {
 *   async fetch(request, env, ctx) {
 *     const limiter = sharedLimiter(env.API_LIMIT, { ctx });
 *     return limiter.fetch("https://api.anthropic.com/v1/messages", { method: "POST", headers, body });
 *   },
 * };
 * ```
 *
 * @param object a namespace, or the stub of one object. A stub may break for good, and then every later call is rejected.
 * @throws {OptionError} naming the wrong option.
 */
export function sharedLimiter(object: ObjectNamespace | ObjectStub, options: SharedOptions = {}): SharedLimiter {
  if (typeof options !== "object" || options === null) throw new OptionError("(all)", options, "Use an object.");
  const { name = "default", ctx, fetch, clock = systemClock } = options;
  if (!isNamespace(object) && typeof (object as ObjectStub | undefined)?.fetch !== "function") {
    throw new OptionError("object", object, "Bind the class that extends LimiterObject, and use the binding.");
  }
  if (typeof name !== "string") throw new OptionError("name", name, "Use a text.");
  if (ctx !== undefined && typeof ctx?.waitUntil !== "function") {
    throw new OptionError("ctx", ctx, "Use what the handler of the Worker was called with.");
  }
  if (fetch !== undefined && typeof fetch !== "function") {
    throw new OptionError("fetch", fetch, "Use a function with the signature of fetch.");
  }
  return new SharedLimiter({ object, name, clock, keptAlive: ctx }, fetch, NO_HINTS);
}

/** Made by {@link sharedLimiter}. Views made by {@link with} share its object. */
export class SharedLimiter {
  /**
   * Takes the place of `fetch`, as the one of a limiter does, with the same hints in headers: sent by this Worker when the
   * object says so. Needs no `this`.
   *
   * Rejects as {@link acquire} does, or with what the underlying `fetch` throws.
   */
  readonly fetch: Fetch;
  readonly #desk: Desk;
  readonly #upstream: Fetch | undefined;
  readonly #hints: ResolvedHints;

  /** @internal */
  constructor(desk: Desk, upstream: Fetch | undefined, hints: ResolvedHints) {
    this.#desk = desk;
    this.#upstream = upstream;
    this.#hints = hints;
    this.fetch = async (input, init) => {
      const request = new OutgoingRequest(input, init);
      const own = request.hints === undefined ? hints : resolveHints(request.hints, hints, "x-tidegate");
      const signals = request.signal === undefined ? own.signals : [request.signal, ...own.signals];
      const aborted = abortedSignal(signals);
      if (aborted !== undefined) throw aborted.reason;
      return new SharedCall(desk, upstream, request, own).runWatched(signals);
    };
  }

  /**
   * A light view with these hints for every call made through it.
   *
   * @throws {OptionError} naming the wrong hint.
   */
  with(hints: SharedHints): SharedLimiter {
    return new SharedLimiter(this.#desk, this.#upstream, this.#resolved(hints));
  }

  /**
   * Waits until a call of this cost may run. End the permit with `settle` or `release`, whatever happens.
   *
   * Rejects with {@link OptionError}, {@link InsufficientCapacityError}, {@link QueueFullError}, {@link DeadlineError},
   * {@link CoreError}, with an {@link UnreachableError} where the object does not answer, or with the reason of the signal.
   */
  async acquire(cost?: Cost, hints?: SharedAcquireHints): Promise<SharedPermit> {
    const resolved = this.#resolved(hints);
    const taken = costOf(cost, resolved);
    const aborted = abortedSignal(resolved.signals);
    if (aborted !== undefined) throw aborted.reason;
    const { priority = NORMAL, deadlineMs = null, tenant = "", model = null } = resolved;
    const place = new Place(this.#desk);
    const submission: Submission = {
      bytes: undefined,
      message: (ageMs) => ({ type: "permit", id: place.id, ageMs, model, cost: taken, priority, deadlineMs, tenant }),
      answer: async () => undefined,
      usageSoFar: () => null,
    };
    await waitWatched(place, submission, resolved.signals);
    return new SharedPermit(place);
  }

  /**
   * Runs `task` when it may run, and releases its permit when it has ended. A task that knows better settles the permit
   * it is given. Rejects as {@link acquire} does, or with what the task throws.
   */
  async schedule<T>(task: (permit: SharedPermit) => T | PromiseLike<T>, hints?: SharedScheduleHints): Promise<T> {
    const permit = await this.acquire(hints?.cost, hints);
    try {
      return await task(permit);
    } finally {
      await permit.release();
    }
  }

  /**
   * When a call of this cost would start if it came now, as the object knows. Nothing is queued.
   *
   * Rejects as {@link acquire} does.
   */
  async estimate(cost?: Cost, hints?: SharedAcquireHints): Promise<Estimate> {
    const resolved = this.#resolved(hints);
    const { priority = NORMAL, tenant = "", model = null } = resolved;
    const message: Message = { type: "estimate", model, cost: costOf(cost, resolved), priority, tenant };
    const answer = await this.#asked(message);
    if (answer.state !== "estimate") throw unlikely();
    return { waitMs: answer.waitMs ?? undefined };
  }

  /** The state of every scope, its limits and its queue, now. Rejects as {@link acquire} does. */
  async snapshot(): Promise<Snapshot> {
    const answer = await this.#asked({ type: "snapshot" });
    if (answer.state !== "snapshot") throw unlikely();
    return answer.snapshot;
  }

  async #asked(message: Message): Promise<Answer> {
    const answer = await new Link(this.#desk).ask(message);
    if (answer.state === "refused") throw unpacked(answer.error);
    return answer;
  }

  #resolved(hints: ViewHints | undefined): ResolvedHints {
    if (hints === undefined) return this.#hints;
    const resolved = resolveHints(hints, this.#hints);
    for (const name of UNSHARED) {
      const value = hints[name];
      if (value !== undefined) throw new OptionError(`hints.${name}`, value, "Leave it out: a shared limiter has no such thing.");
    }
    return resolved;
  }
}

/** Resolves at the start of the call, unless a signal gives it up before. */
function waitWatched(place: Place, submission: Submission, signals: readonly AbortSignal[]): Promise<void> {
  return new Promise((resolve, reject) => {
    const handler: AbortHandler = {
      abort(reason) {
        place.cancel(reason, false);
        reject(reason);
      },
    };
    const watch = new AbortWatch(signals, handler);
    place
      .turn(submission)
      .then(() => resolve())
      .catch((error) => {
        void place.end();
        reject(error);
      })
      .finally(() => watch.stop());
  });
}

function costOf(cost: Cost | undefined, hints: ResolvedHints): Required<CostRecord> {
  if (cost !== undefined) {
    checkCost(cost);
    const { requests = 1, inputTokens = 0, outputTokens = 0, custom = 0 } = typeof cost === "number" ? { requests: cost } : cost;
    return { requests, inputTokens, outputTokens, custom };
  }
  if (hints.cost === NOTHING_STATED) return { requests: 1, inputTokens: 0, outputTokens: 0, custom: 0 };
  const { requests, inputTokens, outputTokens, custom } = hints.cost;
  return {
    requests: requests < 0 ? 1 : requests,
    inputTokens: Math.max(inputTokens, 0),
    outputTokens: Math.max(outputTokens, 0),
    custom: Math.max(custom, 0),
  };
}

function isNamespace(object: ObjectNamespace | ObjectStub): object is ObjectNamespace {
  return typeof (object as ObjectNamespace | undefined)?.idFromName === "function";
}

function unlikely(): UnreachableError {
  return new UnreachableError("The Durable Object gives answers that a limiter does not give.");
}

const UNSHARED = ["dedupe", "cache", "onWait"] as const;
