import type { ProviderName } from "../../tidegate.js";
import { element, make } from "../../dom.js";
import { EXAMPLES } from "./examples.js";
import { quickInsertion } from "./insertion.js";
import { MOST_TEXT, readPasted } from "./paste.js";
import { PROVIDERS } from "./providers.js";
import type { readingOf } from "./reading.js";
import { HeadersView } from "./view.js";

/** The tab that reads pasted headers. The package comes with its first use, so that the page starts without it. */
export class HeadersPanel {
  readonly #text = element("#headers-text", HTMLTextAreaElement);
  readonly #status = element("#headers-status", HTMLInputElement);
  readonly #statusNote = element("#headers-status-note", HTMLElement);
  readonly #provider = element("#headers-provider", HTMLSelectElement);
  readonly #view = new HeadersView();
  #read: typeof readingOf | undefined;
  #isBegun = false;
  #timer: ReturnType<typeof setTimeout> | undefined;
  /** What the visitor wrote as the status, while the text has its own. */
  #ownStatus = this.#status.value;

  constructor() {
    for (const { name, label } of PROVIDERS) {
      const option = make("option", "", label);
      option.value = name;
      this.#provider.append(option);
    }
    for (const { label, text } of EXAMPLES) {
      const button = make("button", "panels-button", label);
      button.type = "button";
      button.addEventListener("click", () => {
        this.#text.value = text;
        this.#provider.value = "";
        this.#show();
      });
      element("#headers-examples", HTMLElement).append(button);
    }
    // One more than is read, so that what was left out is noticed.
    quickInsertion(this.#text, MOST_TEXT + 1);
    const form = element("#headers-form", HTMLFormElement);
    form.addEventListener("submit", (event) => event.preventDefault());
    form.addEventListener("input", () => {
      clearTimeout(this.#timer);
      this.#timer = setTimeout(() => this.#show(), PAUSE_MS);
    });
  }

  /** Loads the package, and reads what is there. */
  begin(): void {
    if (this.#isBegun) return;
    this.#isBegun = true;
    void this.#load();
  }

  async #load(): Promise<void> {
    this.#view.showMessage("Loading.");
    try {
      this.#read = (await import("./reading.js")).readingOf;
      this.#show();
    } catch {
      this.#isBegun = false;
      this.#view.showMessage("Tidegate could not be loaded. Choose this tab again to try once more.");
    }
  }

  #show(): void {
    clearTimeout(this.#timer);
    if (this.#read === undefined) return;
    const pasted = readPasted(this.#text.value);
    const status = this.#statusOf(pasted.status);
    if (pasted.headers.length === 0 && pasted.status === undefined) {
      const isEmpty = this.#text.value.trim() === "" || pasted.dropped.length > 0;
      return this.#view.showMessage(isEmpty ? NOTHING_YET : NO_HEADERS, pasted.dropped);
    }
    if (status === undefined) return this.#view.showMessage("The status must be a whole number from 100 to 999.");
    const provider = this.#provider.value === "" ? undefined : (this.#provider.value as ProviderName);
    this.#view.showReading(this.#read(pasted, status, provider), status, pasted, MOST_TEXT);
  }

  /** The status in the text, else the field's, else undefined. The field shows which it is. */
  #statusOf(pasted: number | undefined): number | undefined {
    if (!this.#status.readOnly) this.#ownStatus = this.#status.value;
    this.#status.readOnly = pasted !== undefined;
    this.#status.value = pasted === undefined ? this.#ownStatus : String(pasted);
    this.#statusNote.textContent = pasted === undefined ? STATUS_MISSING : STATUS_SAID;
    const status = this.#status.valueAsNumber;
    const isRight = Number.isInteger(status) && status >= 100 && status <= 999;
    this.#status.ariaInvalid = String(!isRight);
    return isRight ? status : undefined;
  }
}

const STATUS_SAID = "The text says the status.";
const STATUS_MISSING = "The text has no status: write it here.";
const NOTHING_YET = "Paste the headers of a response, or choose an example.";
const NO_HEADERS = "No headers were found in this text. A header is a line such as “retry-after: 5”.";
/** Longer than between two keys. */
const PAUSE_MS = 150;
