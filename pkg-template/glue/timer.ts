import { type Clock, MAX_TIMER_MS } from "./clock.js";

/** The one timer of a limiter. */
export class Timer {
  private readonly clock: Clock;
  private readonly fire: () => void;
  private handle: unknown = undefined;
  private dueAt = 0;

  constructor(clock: Clock, fire: () => void) {
    this.clock = clock;
    this.fire = () => {
      this.handle = undefined;
      fire();
    };
  }

  /**
   * Fires once `waitMs` (whole milliseconds) have passed, or earlier: an armed timer that comes first is left alone,
   * and a wait that no timer can hold is cut. Whoever is woken too early finds nothing to do and arms again.
   */
  arm(now: number, waitMs: number): void {
    const delayMs = Math.min(waitMs, MAX_TIMER_MS);
    // The same instant, rounded up to whole milliseconds, is seen up to one apart.
    // A timer that is overdue by the clock stands behind a clock that jumped: it is armed anew.
    if (this.handle !== undefined && now < this.dueAt && this.dueAt < now + delayMs + 1) return;
    this.disarm();
    this.dueAt = now + delayMs;
    this.handle = this.clock.setTimer(this.fire, delayMs);
  }

  disarm(): void {
    if (this.handle === undefined) return;
    this.clock.clearTimer(this.handle);
    this.handle = undefined;
  }
}
