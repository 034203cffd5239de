/** What {@link Limiter.snapshot} shows. Fields may be added in any version. */
export interface Snapshot {
  /** Calls that wait, over all scopes. */
  readonly waiting: number;
  /**
   * When the limiter looks at its queues next, in milliseconds, and why: "quota", "cooldown", "backoff", "deadline" or
   * "output"; null when nothing is due.
   */
  readonly wakeUp: { readonly inMs: number; readonly reason: string } | null;
  /** The first is the default one. */
  readonly scopes: readonly ScopeSnapshot[];
}

/** What a server counts together. */
export interface ScopeSnapshot {
  /** The key in `limits`, or for a scope that was learned the model and the server. */
  readonly name: string;
  /** Calls that have not started, or wait between two attempts. */
  readonly waiting: number;
  /** Calls that have started and not ended: until the end of the body, where that is observed. */
  readonly inFlight: number;
  /** Milliseconds for which the server has shut it; 0 when it is open. */
  readonly shutForMs: number;
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
