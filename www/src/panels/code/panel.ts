import type { SceneOptions } from "../../scene/options.js";
import { element, make } from "../../dom.js";
import { copyText } from "./copy.js";
import { highlighted } from "./highlight.js";
import { installOf, KINDS, type Kind, sdkOf } from "./kinds.js";
import { programOf } from "./program.js";

/** The tab with the program that does what the scene shows. */
export class CodePanel {
  readonly #kind = element("#code-kind", HTMLSelectElement);
  readonly #install = element("#code-install", HTMLElement);
  readonly #program = element("#code-program", HTMLElement);
  readonly #copied = element("#code-copied", HTMLElement);
  #options: SceneOptions | undefined;

  constructor() {
    for (const kind of KINDS) {
      const option = make("option", "", sdkOf(kind).label);
      option.value = kind;
      this.#kind.append(option);
    }
    this.#kind.addEventListener("change", () => this.#print());
    element("#code-copy", HTMLButtonElement).addEventListener("click", () => void this.#copy(this.#program));
    element("#code-copy-install", HTMLButtonElement).addEventListener("click", () => void this.#copy(this.#install));
  }

  /** Prints the program of another scene. */
  show(options: SceneOptions): void {
    this.#options = options;
    this.#print();
  }

  #print(): void {
    if (this.#options === undefined) return;
    const kind = this.#kind.value as Kind;
    this.#install.textContent = installOf(kind);
    this.#program.replaceChildren(...highlighted(programOf(this.#options, kind)));
    this.#copied.textContent = "";
  }

  async #copy(source: HTMLElement): Promise<void> {
    // Emptied first, so that the same words are announced again.
    this.#copied.textContent = "";
    const isCopied = await copyText(source);
    this.#copied.textContent = isCopied ? "Copied." : "Selected: copy it with your keyboard or menu.";
  }
}
