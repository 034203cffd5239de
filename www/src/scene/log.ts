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

/** How long requests waited from being handed in until their answer began, in milliseconds; null while there is none. */
export interface Waits {
  /** What half of them did not exceed. */
  readonly half: number | null;
  /** What nineteen of twenty did not exceed. */
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
  readonly #waits: Record<"interactive" | "batch", number[]> = { interactive: [], batch: [] };
  #steps: number[] = [];

  /** Pairs of a request and its step, in the order in which they happened. Afterwards there are none. */
  takeSteps(): Int32Array {
    const taken = Int32Array.from(this.#steps);
    this.#steps = [];
    return taken;
  }

  /** How long those that were answered had waited. */
  waits(kind: "interactive" | "batch"): Waits {
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

  /** An answer has begun. */
  answered(id: number, isInteractive: boolean, nowMs: number): void {
    this.#waits[isInteractive ? "interactive" : "batch"].push(nowMs - (this.#handedAt[id] ?? nowMs));
  }

  done(id: number): void {
    this.counts.inFlight -= 1;
    this.counts.done += 1;
    this.#note(id, Step.done);
  }

  /** Given up while it waited, as every attempt has ended before. */
  failed(id: number): void {
    this.counts.waiting -= 1;
    this.counts.failed += 1;
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
