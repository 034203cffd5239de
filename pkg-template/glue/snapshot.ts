/** What {@link Limiter.snapshot} shows. Fields may be added in any version. */
export interface Snapshot {
  /** Calls that wait, over all scopes. */
  readonly waiting: number;
  /** Calls that have started and not ended, over all scopes. */
  readonly inFlight: number;
  /** Whether {@link Limiter.pause} holds everything that has not started. */
  readonly paused: boolean;
  /** Whether the limiter was told to {@link Limiter.drain}. */
  readonly draining: boolean;
  /**
   * When the limiter looks at its queues next, in milliseconds, and why: "quota", "cooldown", "backoff", "prompt-cache",
   * "deadline" or "output"; null when nothing is due.
   */
  readonly wakeUp: { readonly inMs: number; readonly reason: string } | null;
  /** The first is the default one. Of those that are not in `limits`, the 1,024 that were used last are listed. */
  readonly scopes: readonly ScopeSnapshot[];
  /** How many scopes are not listed. */
  readonly otherScopes: number;
  /**
   * What the limiter has learned of the models' costs: numbers, names of models and hashes of tools, and nothing of what
   * was asked or answered. As JSON it can be kept, and given to the next limiter as its option `learned`.
   */
  readonly learned: Learned;
}

/** What was learned of the models' costs. Made to be handed on as it is; what is in it may change with `version`. */
export interface Learned {
  /** A limiter that knows another version takes nothing from it, and learns anew. */
  readonly version: number;
  /** At most 512 models, sets of tools and kinds of requests in all; those that were used last. */
  readonly models: readonly ModelLearned[];
}

/** What was learned of one model. */
export interface ModelLearned {
  readonly model: string;
  /** What is reserved beyond every forecast because calls were refused, in 1/65,536. */
  readonly margin: number;
  /** Model tokens of an answer for each of its characters. */
  readonly tokensPerCharacter: number;
  /** Answers that said what they cost. */
  readonly answers: number;
  /** What nine of ten answers do not exceed, in model tokens. */
  readonly outputTokens: number;
  /** How the true input relates to the estimate, for each set of tools. */
  readonly inputs: readonly InputLearned[];
  /** What nine of ten answers do not exceed, for each kind of request. */
  readonly outputs: readonly { readonly kind: number; readonly answers: number; readonly tokens: number }[];
}

/** How the true input of calls with one set of tools relates to the estimate of their text. */
export interface InputLearned {
  /** A hash of the tools, as sixteen hexadecimal digits; zeros without any. */
  readonly tools: string;
  /** Whether the calls had parts that cannot be estimated. */
  readonly hasUnknownParts: boolean;
  readonly answers: number;
  /** Mean square of the relative error that remains. */
  readonly spread: number;
  /** How many roots of it are reserved beyond the forecast, so that one call in a hundred exceeds that. */
  readonly certainty: number;
  /** What the estimate is multiplied with, by kind of character; then what is not text, and an intercept. */
  readonly weights: readonly number[];
  /** How sure that is: the lower triangle of a matrix, row by row. */
  readonly covariance: readonly number[];
}

/** What a server counts together. */
export interface ScopeSnapshot {
  /** The key in `limits`, or for a scope that was learned the model and the server. */
  readonly name: string;
  /** Calls that have not started, or wait between two attempts, or for another to write their common prompt. */
  readonly waiting: number;
  /** Those of them that are in the queue, by priority: the highest first, and none of which nobody waits. */
  readonly priorities: readonly { readonly priority: number; readonly waiting: number }[];
  /** Calls that have started and not ended: until the end of the body, where that is observed. */
  readonly inFlight: number;
  /** Milliseconds for which the server has shut it; 0 when it is open. */
  readonly shutForMs: number;
  /** "open" while a storm of overloads stops everything, "half-open" while one call tries the server, else "closed". */
  readonly breaker: "closed" | "open" | "half-open";
  /** The most calls in flight because the server was overloaded or takes no more at once; null for no such limit. */
  readonly mostInFlight: number | null;
  /** The most starts a minute because the server said that the use grows too fast; null for no such limit. */
  readonly startsPerMinute: number | null;
  readonly limits: readonly LimitSnapshot[];
}

/** One limit in force. */
export interface LimitSnapshot {
  /** "requests", "input_tokens", "output_tokens", "tokens", "concurrency" or "custom". */
  readonly dimension: string;
  /** How much per period. */
  readonly amount: number;
  /** In milliseconds; null for concurrency. */
  readonly periodMs: number | null;
  /** The most that goes at once. */
  readonly burst: number;
  /** What is left now, without what calls in flight have reserved. Negative in debt. */
  readonly available: number;
  /** "token-bucket", "fixed-window" or "sliding-window". */
  readonly enforcement: string;
  /** Where the numbers come from: "configured" (the options), "published" (a table) or "learned" (the server). */
  readonly source: string;
}
