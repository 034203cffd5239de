import type { Question } from "./question.js";
import type { NumbersView } from "./view.js";
import type { Answered, Asked } from "./worker.js";

/** Has a worker answer the last question that was asked, when there was none for a moment. */
export class Calculator {
  readonly #view: NumbersView;
  #worker: Worker | undefined;
  #last = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(view: NumbersView) {
    this.#view = view;
  }

  ask(question: Question): void {
    this.forget();
    this.#view.showBusy();
    const id = this.#last;
    this.#timer = setTimeout(() => this.#started().postMessage({ id, question } satisfies Asked), PAUSE_MS);
  }

  /** No answer that is still to come is shown. */
  forget(): void {
    clearTimeout(this.#timer);
    this.#last += 1;
  }

  #started(): Worker {
    if (this.#worker !== undefined) return this.#worker;
    const worker = new Worker(new URL("./worker.js", import.meta.url), { type: "module" });
    worker.addEventListener("message", ({ data }: MessageEvent<Answered>) => {
      if (data.id !== this.#last) return;
      if ("answer" in data) this.#view.showAnswer(data.answer);
      else this.#view.showFaults([`The simulator refused: ${data.error}`]);
    });
    worker.addEventListener("error", () => {
      this.#view.showFaults(["The worker that computes this did not start. Reload the page to try again."]);
    });
    this.#worker = worker;
    return worker;
  }
}

/** Shorter than anybody waits, longer than between two keys. */
const PAUSE_MS = 150;
