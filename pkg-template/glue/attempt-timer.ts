import { discard, ignore } from "./body.js";
import type { Clock } from "./clock.js";

/** The time that one attempt has from being sent until its answer begins. */
export class AttemptTimer {
  private readonly clock: Clock;
  private readonly waitMs: number;
  private readonly controller: AbortController;
  private handle: unknown;
  private stopped = false;

  /** @param controller aborts the attempt. */
  constructor(clock: Clock, waitMs: number, controller: AbortController) {
    this.clock = clock;
    this.waitMs = waitMs;
    this.controller = controller;
  }

  /**
   * What becomes of the attempt, which has just been sent. Once the time is over, it is at once, and whatever the attempt
   * makes of its signal, what `AbortSignal.timeout` would have made of it: SDKs know that for their own timer.
   */
  hold(sent: Promise<Response>): Promise<Response> {
    // The caller may have given up while it was being sent.
    if (this.stopped) return sent;
    // A foreign fetch may answer with no promise.
    const attempt = Promise.resolve(sent);
    return new Promise((resolve, reject) => {
      this.handle = this.clock.setTimer(() => {
        const reason = new DOMException(`The answer did not begin within ${this.waitMs} ms.`, "TimeoutError");
        reject(reason);
        // It may begin all the same.
        attempt.then(discard, ignore);
        this.controller.abort(reason);
      }, this.waitMs);
      attempt.then(resolve, reject).finally(() => this.stop());
    });
  }

  /** The attempt is left to itself. Harmless when repeated. */
  stop(): void {
    this.stopped = true;
    if (this.handle !== undefined) this.clock.clearTimer(this.handle);
    this.handle = undefined;
  }
}
