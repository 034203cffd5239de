/** How fast the time of a scene really passes. */
export class Pace {
  #asked = 0;
  #pageMs = 0;
  #sceneMs = 0;
  #lastMs = 0;
  #managed: number | undefined;

  /** Seconds of the scene a second, where that is less than was asked for; an average over the last second. */
  get managed(): number | undefined {
    return this.#managed;
  }

  /** A scene begins. */
  open(): void {
    this.#lastMs = 0;
    this.#begin(0);
    this.#managed = undefined;
  }

  /** So many milliseconds have passed for the page, in which `asked` times as many were to pass in the scene. */
  pass(elapsedMs: number, asked: number): void {
    if (asked !== this.#asked) this.#begin(asked);
    this.#pageMs += elapsedMs;
  }

  /** The scene stands at this instant now, in milliseconds. */
  reached(nowMs: number): void {
    this.#sceneMs += nowMs - this.#lastMs;
    this.#lastMs = nowMs;
    if (this.#pageMs < SPAN_MS) return;
    const speed = this.#sceneMs / this.#pageMs;
    this.#managed = speed < this.#asked * ABOUT ? speed : undefined;
    this.#begin(this.#asked);
  }

  #begin(asked: number): void {
    this.#asked = asked;
    this.#pageMs = 0;
    this.#sceneMs = 0;
  }
}

const SPAN_MS = 1_000;
/** A frame that comes late is not worth telling. */
const ABOUT = 0.85;
