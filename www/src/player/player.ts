import type { Frame, FromScene, Opened, ToScene } from "../scene/messages.js";
import type { SceneOptions } from "../scene/options.js";

/** Who is told how the scene goes. */
export interface Audience {
  /** A new scene begins. */
  opened(opened: Opened): void;
  /** Something has happened, or just time has passed. */
  frame(frame: Frame): void;
  /** The scene cannot go on. */
  failed(message: string): void;
}

/**
 * Plays scenes in a worker, at a pace. The page says how much time has passed for it, frame by frame, and the worker
 * catches up: a page that is not drawn, because nobody sees it, plays nothing.
 */
export class Player {
  readonly #worker = new Worker(new URL("../scene/worker.js", import.meta.url), { type: "module" });
  readonly #audience: Audience;
  #scene = 0;
  #state: "opening" | "ready" | "advancing" | "over" | "failed" = "opening";
  #nowMs = 0;
  /** What has passed for the page and not yet in the scene, in milliseconds of the scene. */
  #owedMs = 0;

  constructor(audience: Audience) {
    this.#audience = audience;
    this.#worker.onmessage = ({ data }: MessageEvent<FromScene>) => this.#hear(data);
    this.#worker.onerror = () => this.#fail("The worker in which scenes run could not be started.");
  }

  /** Begins another scene, from its beginning. */
  open(options: SceneOptions): void {
    this.#scene += 1;
    this.#state = "opening";
    this.#nowMs = 0;
    this.#owedMs = 0;
    this.#say({ type: "open", scene: this.#scene, options });
  }

  /** So many milliseconds have passed for the page, in which `speed` times as many pass in the scene. */
  pass(elapsedMs: number, speed: number): void {
    if (this.#state !== "ready" && this.#state !== "advancing") return;
    // Whatever could not be done in time is not made up for: then the scene is just slower.
    this.#owedMs = Math.min(this.#owedMs + elapsedMs * speed, LONGEST_STEP_MS * speed);
    if (this.#state !== "ready") return;
    this.#state = "advancing";
    this.#say({ type: "advance", scene: this.#scene, untilMs: this.#nowMs + this.#owedMs, patienceMs: PATIENCE_MS });
  }

  #hear(message: FromScene): void {
    if (message.scene !== this.#scene) return;
    if (message.type === "failed") return this.#fail(message.message);
    if (message.type === "opened") {
      this.#state = "ready";
      return this.#audience.opened(message);
    }
    this.#owedMs = Math.max(0, this.#owedMs - (message.nowMs - this.#nowMs));
    this.#nowMs = message.nowMs;
    this.#state = message.isOver ? "over" : "ready";
    this.#audience.frame(message);
  }

  #fail(message: string): void {
    this.#state = "failed";
    this.#audience.failed(message);
  }

  #say(message: ToScene): void {
    this.#worker.postMessage(message);
  }
}

/** Of a pause between two frames that is longer, the rest counts as if the page had been away. */
const LONGEST_STEP_MS = 100;
/** A little less than a frame, so that there is something new to draw in each. */
const PATIENCE_MS = 12;
