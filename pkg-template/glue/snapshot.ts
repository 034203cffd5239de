/** What {@link Limiter.snapshot} shows. Fields may be added in any version. */
export interface Snapshot {
  /** Calls that wait, over all scopes. */
  readonly waiting: number;
  /** When the limiter looks at its queues next, and why; null when nothing is due. */
  readonly wakeUp: { readonly inMs: number; readonly reason: string } | null;
  readonly scopes: readonly ScopeSnapshot[];
}

/** What a server counts together. */
export interface ScopeSnapshot {
  readonly name: string;
  readonly waiting: number;
  readonly inFlight: number;
  /** Milliseconds for which the server has shut it; 0 when it is open. */
  readonly shutForMs: number;
  readonly limits: readonly LimitSnapshot[];
}

/** One limit in force. */
export interface LimitSnapshot {
  readonly dimension: string;
  readonly amount: number;
  /** Milliseconds; null for concurrency. */
  readonly periodMs: number | null;
  readonly burst: number;
  /** What is left now. Negative when more was charged than was reserved. */
  readonly available: number;
  readonly enforcement: string;
  /** Where the numbers come from: the options, a published table, the server. */
  readonly source: string;
}
