import type { Clock } from "./clock.js";
import { callReporting } from "./uncaught.js";

/** How far a map is. */
export interface Progress {
  /** Items that ended well. */
  readonly done: number;
  /** Items that failed. */
  readonly failed: number;
  /** Items in all; undefined until the last was read, where neither the items nor the option `total` say it. */
  readonly total: number | undefined;
  /** Items whose turn has come and that have not ended. */
  readonly running: number;
  /** Items that were read and whose turn has not come. */
  readonly ahead: number;
  /**
   * Items that ended in a second, lately: over the last 30 seconds or the last 20 items, whichever is longer, or since
   * the beginning. 0 before the first.
   */
  readonly ratePerSecond: number;
  /** Milliseconds until the last item ends, at this rate; undefined where it or {@link total} is not known. */
  readonly etaMs: number | undefined;
}

/** What a map counts, and its rate. */
export type Counts = Omit<Progress, "ratePerSecond" | "etaMs">;

/** Tells how far a map is: at the first item that ends, then four times a second at most, and at the end. */
export class ProgressReport {
  private readonly clock: Clock;
  private readonly listener: (progress: Progress) => void;
  private readonly counts: () => Counts;
  private readonly rate: RecentRate;
  private toldAt = -Infinity;
  private timer: unknown;
  private armed = false;

  constructor(clock: Clock, listener: (progress: Progress) => void, counts: () => Counts) {
    this.clock = clock;
    this.listener = listener;
    this.counts = counts;
    this.rate = new RecentRate(clock.now());
  }

  /** One more item ended. */
  itemEnded(): void {
    const now = this.clock.now();
    this.rate.count(now);
    const restMs = this.toldAt + BETWEEN_MS - now;
    if (restMs <= 0) {
      this.tell(now);
    } else if (!this.armed) {
      this.armed = true;
      this.timer = this.clock.setTimer(() => {
        this.armed = false;
        this.tell(this.clock.now());
      }, Math.ceil(Math.min(restMs, BETWEEN_MS)));
    }
  }

  /** The last word. */
  end(): void {
    if (this.armed) this.clock.clearTimer(this.timer);
    this.armed = false;
    this.tell(this.clock.now());
  }

  private tell(now: number): void {
    this.toldAt = now;
    const counts = this.counts();
    const ratePerSecond = this.rate.perSecond(now);
    const rest = counts.total === undefined ? undefined : Math.max(counts.total - counts.done - counts.failed, 0);
    const etaMs = rest === undefined || (rest > 0 && ratePerSecond === 0) ? undefined : (rest / (ratePerSecond || 1)) * 1000;
    callReporting(() => this.listener({ ...counts, ratePerSecond, etaMs }));
  }
}

/** How many a second there were lately. Remembers one instant a second at most, and a bounded number of them. */
class RecentRate {
  private total = 0;
  /** Instants, and how many there had been before, oldest first. */
  private readonly marks: { readonly at: number; readonly total: number }[];

  constructor(now: number) {
    this.marks = [{ at: now, total: 0 }];
  }

  count(now: number): void {
    const newest = this.marks[this.marks.length - 1];
    if (newest === undefined || now - newest.at >= MARK_MS) this.marks.push({ at: now, total: this.total });
    this.total += 1;
    // The second mark reaches back far enough, so the first is not needed any more.
    while (this.marks.length > 2 && this.reaches(this.marks[1], now)) this.marks.shift();
  }

  perSecond(now: number): number {
    const from = this.marks[0];
    if (from === undefined || now <= from.at) return 0;
    return ((this.total - from.total) / (now - from.at)) * 1000;
  }

  private reaches(mark: { at: number; total: number } | undefined, now: number): boolean {
    return mark !== undefined && now - mark.at >= WINDOW_MS && this.total - mark.total >= WINDOW_ITEMS;
  }
}

const BETWEEN_MS = 250;
const MARK_MS = 1000;
/** Long enough to even out limits that let a burst go and then wait. */
const WINDOW_MS = 30_000;
/** A window of time alone would hold none of a job whose items take minutes. */
const WINDOW_ITEMS = 20;
