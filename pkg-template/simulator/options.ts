/** The options of a simulated server. All are optional, and all are plain data but the clock. */
export interface SimulatorOptions {
  /**
   * What every draw depends on: sizes, speeds, faults. A whole number from 0.
   * @default 0
   */
  seed?: number;
  /**
   * The published tier whose amounts hold where {@link limits} says nothing.
   * @default "start"
   */
  tier?: "start" | "build" | "scale";
  /**
   * Limits by model group (`"claude-sonnet-4.x"`), by model name where an API has no groups, or for every other one
   * under `"default"`. Counting tokens is limited under `"count-tokens"`.
   */
  limits?: Record<string, SimulatedLimits>;
  /**
   * Organisations with the API keys that share their limits. A key that nobody claims is an organisation of its own,
   * named `org-1`, `org-2` … as they appear.
   */
  organisations?: { name: string; apiKeys: string[] }[];
  /** How fast answers come. */
  timing?: SimulatedTiming;
  /** What goes wrong. */
  faults?: SimulatedFaults;
  /**
   * Times in which the service is busier than `faults.overloaded` says.
   * @default none
   */
  storms?: SimulatedStorm[];
  /** Somebody else who takes a share of every limit. */
  neighbour?: SimulatedNeighbour;
  /**
   * Limits that are replaced while the server runs. An entry takes the place of the whole entry of that name, as if it had
   * been given in {@link limits}; what was used stays used.
   * @default none
   */
  changes?: SimulatedChange[];
  /**
   * How fast the number of requests may grow.
   * @default as fast as the limits allow
   */
  ramp?: SimulatedRamp;
  /**
   * The most requests of an organisation to a model group that are answered at a time. More are refused with 429 and
   * `retry-after: 1`, without a word about the quota. A whole number from 1.
   * @default no such limit
   */
  maxInFlight?: number;
  /**
   * The most requests of an organisation to a model group that the service can answer at a time. Further ones find it
   * overloaded: they are answered as by `faults.overloaded`. A whole number from 1.
   * @default no such limit
   */
  capacity?: number;
  /**
   * What the headers tell of the limits, where an API has such: Gemini and Bedrock have none. Refusals state the true wait
   * in any case, but for those of Bedrock, which state none.
   * @default the truth
   */
  headers?: SimulatedHeaders;
  /**
   * Whether refused requests count as requests.
   * @default as documented: yes for OpenAI's API, no for others
   */
  chargeRefusals?: boolean;
  /**
   * Whether what an overloaded service turns away is charged all the same, as a request with its input.
   * @default false
   */
  chargeOverloads?: boolean;
  /**
   * By how much the server's wall clock is ahead, in milliseconds.
   * @default 0
   */
  clockSkewMs?: number;
  /**
   * Unix time in milliseconds when the simulator is made.
   * @default the clock's `wallNow()`; without one, 2026-11-23T12:00:00Z
   */
  wallOriginMs?: number;
  /**
   * Where time comes from.
   * @default the runtime's own clock and timers
   */
  clock?: SimulatorClock;
}

/**
 * The amounts a minute of one model group, and how they are enforced. What is not given is as in the tier.
 */
export interface SimulatedLimits {
  /** Requests a minute. */
  rpm?: number;
  /** Input tokens a minute. */
  itpm?: number;
  /** Output tokens a minute. */
  otpm?: number;
  /** Tokens a minute, input and output together (OpenAI's kind, and Bedrock's). */
  tpm?: number;
  /**
   * How much time's worth of the amounts may be used at once, in milliseconds: what a bucket holds, or how long a
   * window is. 60 requests a minute with a burst of 1,000 ms are enforced as one a second.
   * @default 60000
   */
  burstMs?: number;
  /**
   * Whether the headers hide a burst shorter than a minute and speak of the whole minute.
   * @default false
   */
  hideBurst?: boolean;
  /**
   * The algorithm.
   * @default "token-bucket"
   */
  enforcement?: "token-bucket" | "fixed-window" | "sliding-window";
}

/** How fast answers come. Each request's own figures vary about these. */
export interface SimulatedTiming {
  /**
   * Milliseconds from a request to the first token of its answer.
   * @default 400
   */
  firstTokenMs?: number;
  /**
   * Tokens a second after that.
   * @default 80
   */
  tokensPerSecond?: number;
  /**
   * Milliseconds until an error or a count of tokens is answered.
   * @default 20
   */
  refusalMs?: number;
  /**
   * By which share a request's own wait and speed may differ from these, from 0 to 0.9.
   * @default 0.25
   */
  variation?: number;
}

/**
 * What goes wrong: shares of all requests, each from 0 to 1. But for `bareRefusals` they may not add up to more than 1.
 * @default 0 each
 */
export interface SimulatedFaults {
  /** Answered 529 (503 by other APIs than Claude's) whatever the quota, and not charged. */
  overloaded?: number;
  /** Answered 500 after being charged as a request with its input. */
  error?: number;
  /** The connection is lost before anything was answered. */
  drop?: number;
  /** The connection is lost in the middle of the answer. */
  cut?: number;
  /** Never answered. */
  hang?: number;
  /** A stream that sends an `error` event in the middle and ends. */
  streamError?: number;
  /** Produced at a tenth of the speed. */
  slow?: number;
  /** Of all refusals, those that carry no headers at all, and in Gemini's body no details. */
  bareRefusals?: number;
}

/** A time in which the service is busy. Times are milliseconds since the simulator was made. */
export interface SimulatedStorm {
  /** When it begins. */
  fromMs: number;
  /** When it is over. */
  untilMs: number;
  /** The share of requests, from 0 to 1, that are answered 529 (503 by other APIs than Claude's). */
  share: number;
}

/** Limits from an instant on. */
export interface SimulatedChange {
  /** The instant, in milliseconds since the simulator was made. */
  atMs: number;
  /** The new limits, named as those of the options are. */
  limits: Record<string, SimulatedLimits>;
}

/**
 * An acceleration limit on the requests of each organisation to each model group. In no span of `everyMs` are more admitted
 * than the larger of `perMinute`, for so long a span, and what was admitted in the span before it with `growthPercent`
 * added. Further ones are answered 429 with the code `ramp_limit_exceeded` (`slow_down` by an OpenAI-shaped
 * API; others say no more than that there were too many).
 */
export interface SimulatedRamp {
  /** Requests a minute that are admitted whatever came before. A whole number from 1. */
  perMinute: number;
  /** By how much the number may grow from one span to the next, in per cent. A whole number from 0. */
  growthPercent: number;
  /** The length of a span in milliseconds. */
  everyMs: number;
}

/** What the headers tell of the limits. */
export interface SimulatedHeaders {
  /**
   * Whether they tell nothing.
   * @default false
   */
  hide?: boolean;
  /**
   * By what the true remainder is multiplied; no more than the limit is stated.
   * @default 1
   */
  factor?: number;
  /**
   * How old what they state is, in milliseconds.
   * @default 0
   */
  staleMs?: number;
}

/**
 * Somebody else who uses the same quota. It takes a tenth of a second's worth of its share at a time, whenever the limit is
 * not in debt, and may draw it into debt by that: whoever takes all that comes does not starve it.
 */
export interface SimulatedNeighbour {
  /**
   * The share of each limit, from 0 to 1.
   * @default 0
   */
  share?: number;
  /**
   * When it comes, in milliseconds since the simulator was made.
   * @default 0
   */
  fromMs?: number;
  /**
   * When it goes.
   * @default never
   */
  untilMs?: number;
  /**
   * How often it comes again, in milliseconds from `fromMs` on. To be given with `forMs`.
   * @default it stays
   */
  everyMs?: number;
  /** How long it stays each time, in milliseconds. To be given with `everyMs`. */
  forMs?: number;
}

/** Where time comes from. The limiter's own `clock` option has this shape too, so both can share one. */
export interface SimulatorClock {
  /** Milliseconds of a clock that never goes back. Its zero does not matter. */
  now(): number;
  /** Milliseconds since 1970-01-01 UTC. */
  wallNow?(): number;
  /** Calls `fire` once, not before `delayMs` (0 to 2^31 − 1) have passed. What it returns is given to `clearTimer`. */
  setTimer(fire: () => void, delayMs: number): unknown;
  clearTimer(timer: unknown): void;
}

/** The runtime's own clock. */
export const systemClock: SimulatorClock = {
  now: () => performance.now(),
  wallNow: () => Date.now(),
  setTimer: (fire, delayMs) => setTimeout(fire, delayMs),
  clearTimer: (timer) => clearTimeout(timer as ReturnType<typeof setTimeout>),
};
