import { element } from "../dom.js";

/** The button that copies a link to the scene. */
export class LinkButton {
  readonly #button = element("#link", HTMLButtonElement);
  readonly #label = this.#button.textContent;
  #timer = 0;

  /** @param link The whole address. */
  constructor(link: () => string) {
    this.#button.addEventListener("click", async () => {
      history.replaceState(null, "", link());
      try {
        await navigator.clipboard.writeText(link());
        this.#say("Copied");
      } catch {
        // Not allowed, or no secure context, where there is no clipboard at all.
        this.#say("It is in the address bar");
      }
    });
  }

  #say(text: string): void {
    this.#button.textContent = text;
    clearTimeout(this.#timer);
    this.#timer = window.setTimeout(() => (this.#button.textContent = this.#label), SAID_MS);
  }
}

const SAID_MS = 2_000;
