/** What becomes of a request, as the page shows it. */
export const Step = {
  /** Handed in: it waits. */
  handed: 0,
  /** Under way, or being answered. */
  sent: 1,
  /** Refused because of a limit: it waits again. */
  refused: 2,
  /** Not served for another reason: it waits again. */
  faulted: 3,
  /** Answered. */
  done: 4,
  /** Given up. */
  failed: 5,
} as const;
export type Step = (typeof Step)[keyof typeof Step];

/** Whether somebody waits for the answer. */
export type Kind = "interactive" | "batch";

/** Counts of a lane. */
export interface Counts {
  waiting: number;
  inFlight: number;
  done: number;
  /** Given up by the program. */
  failed: number;
  /** Attempts that the server refused because of a limit. */
  refused: number;
  /** Attempts that ended for another reason without an answer. */
  faulted: number;
  /** Input tokens sent in attempts that brought no answer. */
  wastedTokens: number;
  /** When the last request ended, in milliseconds from the beginning; null while one has not. */
  endedAtMs: number | null;
}

/**
 * Within what time requests were answered, in milliseconds, of those that have ended; infinite where so many were given up,
 * and null while none has ended.
 */
export interface Waits {
  /** Half of them. */
  readonly half: number | null;
  /** Nineteen of twenty. */
  readonly most: number | null;
}

/** What happens in one lane. Steps are kept until they are taken; counts and waits stay. */
export class LaneLog {
  readonly counts: Counts = {
    waiting: 0,
    inFlight: 0,
    done: 0,
    failed: 0,
    refused: 0,
    faulted: 0,
    wastedTokens: 0,
    endedAtMs: null,
  };
  readonly #handedAt: number[] = [];
  /** In milliseconds, infinite for who was given up. */
  readonly #waits: Record<Kind, number[]> = { interactive: [], batch: [] };
  #steps: number[] = [];

  /** Pairs of a request and its step, in the order in which they happened. Afterwards there are none. */
  takeSteps(): Int32Array {
    const taken = Int32Array.from(this.#steps);
    this.#steps = [];
    return taken;
  }

  waits(kind: Kind): Waits {
    const sorted = Float64Array.from(this.#waits[kind]).sort();
    return { half: quantile(sorted, 0.5), most: quantile(sorted, 0.95) };
  }

  handed(id: number, nowMs: number): void {
    this.#handedAt[id] = nowMs;
    this.counts.waiting += 1;
    this.#note(id, Step.handed);
  }

  sent(id: number): void {
    this.counts.waiting -= 1;
    this.counts.inFlight += 1;
    this.#note(id, Step.sent);
  }

  /** An attempt ended without an answer. */
  turnedAway(id: number, isLimit: boolean, inputTokens: number): void {
    this.counts.inFlight -= 1;
    this.counts.waiting += 1;
    this.counts[isLimit ? "refused" : "faulted"] += 1;
    this.counts.wastedTokens += inputTokens;
    this.#note(id, isLimit ? Step.refused : Step.faulted);
  }

  done(id: number, kind: Kind, nowMs: number): void {
    this.counts.inFlight -= 1;
    this.counts.done += 1;
    this.#waits[kind].push(nowMs - (this.#handedAt[id] ?? nowMs));
    this.#note(id, Step.done);
  }

  /** Given up while it waited, as every attempt has ended before. */
  failed(id: number, kind: Kind): void {
    this.counts.waiting -= 1;
    this.counts.failed += 1;
    this.#waits[kind].push(Infinity);
    this.#note(id, Step.failed);
  }

  /** The last request of all has ended. */
  ended(nowMs: number): void {
    this.counts.endedAtMs = nowMs;
  }

  #note(id: number, step: Step): void {
    this.#steps.push(id, step);
  }
}

function quantile(sorted: Float64Array, share: number): number | null {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? null;
}
