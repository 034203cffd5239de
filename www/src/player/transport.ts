import { element } from "../dom.js";

/** Who is told what somebody has chosen. */
export interface TransportHooks {
  restart(): void;
  speed(speed: number): void;
}

/** How the scene is played: whether it is, and how fast. */
export class Transport {
  readonly #play = element("#play", HTMLButtonElement);
  readonly #pace = element("#pace", HTMLElement);
  #state: "playing" | "paused" | "over" = "playing";

  constructor(hooks: TransportHooks) {
    this.#play.addEventListener("click", () => {
      if (this.#state === "over") hooks.restart();
      else this.#become(this.#state === "playing" ? "paused" : "playing");
    });
    element("#restart", HTMLButtonElement).addEventListener("click", () => hooks.restart());
    for (const input of document.querySelectorAll<HTMLInputElement>('input[name="speed"]')) {
      input.addEventListener("change", () => hooks.speed(Number(input.value)));
    }
  }

  get isPlaying(): boolean {
    return this.#state === "playing";
  }

  /** A scene begins. @param speed Seconds of the scene a second. */
  open(speed: number): void {
    element(`input[name="speed"][value="${speed}"]`, HTMLInputElement).checked = true;
    this.#become("playing");
  }

  /** The scene has ended. */
  over(): void {
    this.#become("over");
  }

  /** How fast time really passes, where that is less than was asked for. */
  manages(speed: number | undefined): void {
    const text = speed === undefined ? "" : `(this device: ${speed < 10 ? speed.toFixed(1) : Math.round(speed)}×)`;
    if (this.#pace.textContent !== text) this.#pace.textContent = text;
  }

  #become(state: "playing" | "paused" | "over"): void {
    this.#state = state;
    this.#play.textContent = { playing: "Pause", paused: "Play", over: "Play again" }[state];
  }
}
