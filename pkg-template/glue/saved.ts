import type { Learned } from "./snapshot.js";

/**
 * Where a limiter's quota stands, for the limiter that comes after it: {@link Limiter.save} says it, and the option `saved`
 * takes it. Plain data, also after `JSON.stringify` and `JSON.parse`, made to be handed on as it is: what is in it may change
 * with `version`.
 *
 * It holds numbers, and as texts the names of scopes, models and tenants: nothing of what was asked or answered, no
 * credential, and of a URL no more than its origin.
 */
export interface Saved {
  /** A limiter that knows another version takes nothing from it. */
  readonly version: number;
  /** When it was saved, in milliseconds since 1970. What passes from then on replenishes. */
  readonly savedAtMs: number;
  /** Tells tickets of the one limiter from those of the other. */
  readonly generation: number;
  /** How long calls take. */
  readonly holds: readonly number[];
  /** Every scope: its name, its limits with what was used of them, and what else holds it back. */
  readonly scopes: readonly (readonly (string | number | null)[])[];
  /** Calls that had started and not ended, with what they reserved. */
  readonly inFlight: readonly (readonly (string | number | null)[])[];
  /** As in {@link Snapshot.learned}. */
  readonly learned: Learned;
}
