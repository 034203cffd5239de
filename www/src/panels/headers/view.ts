import type { StatedLimit } from "../../tidegate.js";
import { bar, element, make, table } from "../../dom.js";
import { capital, dimensionName, duration, number } from "../../words.js";
import { meaningOf } from "./meaning.js";
import type { Pasted } from "./pasted.js";
import type { Reading } from "./reading.js";

/** What stands beside the pasted text. */
export class HeadersView {
  readonly #result = element("#headers-result", HTMLElement);
  readonly #verdict = element("#headers-verdict", HTMLElement);
  readonly #read = element("#headers-read", HTMLElement);

  /** A message in place of a result, and the names of fields that were left out. */
  showMessage(text: string, dropped: readonly string[] = []): void {
    this.#result.dataset.state = "message";
    this.#verdict.textContent = text;
    this.#read.replaceChildren(...droppedNote(dropped));
  }

  /** @param mostText How much of a long text was read, in characters. */
  showReading({ result, now, date }: Reading, status: number, { dropped, isCut }: Pasted, mostText: number): void {
    const { verdict, explanation, again, wait } = meaningOf(result, status);
    this.#result.dataset.state = result.kind;
    this.#verdict.textContent = `${status}: ${verdict}`;
    const facts = make("dl", "panels-facts", ...fact("Another attempt", again), ...fact("Wait", wait));
    const limits = result.limits.length === 0 ? make("p", "", "It states no limits.") : limitsTable(result.limits, now);
    const origin = date === undefined ? "now: the response has no date" : `the response’s own date, ${date}`;
    const cut = isCut ? [make("p", "panels-note", `Only the first ${number(mostText)} characters were read.`)] : [];
    this.#read.replaceChildren(
      make("p", "", explanation),
      facts,
      limits,
      make("p", "panels-note", `Times count from ${origin}.`),
      ...droppedNote(dropped),
      ...cut,
    );
  }
}

function droppedNote(dropped: readonly string[]): HTMLElement[] {
  if (dropped.length === 0) return [];
  return [make("p", "panels-note", `Left out unread, as they hold credentials or cookies: ${dropped.join(", ")}.`)];
}

function fact(term: string, text: string): HTMLElement[] {
  return [make("dt", "", term), make("dd", "", text)];
}

function limitsTable(limits: readonly StatedLimit[], now: number): HTMLTableElement {
  const rows = limits.map((limit) => [nameOf(limit), leftOf(limit), resetOf(limit, now), windowOf(limit)]);
  return table("The limits that it states", ["Limit", "Left", "Resets in", "Window"], rows);
}

function nameOf({ dimension, policy }: StatedLimit): HTMLElement {
  const name = make("span", "", capital(dimensionName(dimension)));
  if (policy === null) return name;
  return make("span", "panels-two", name, make("span", "panels-small", "called ", make("code", "", policy)));
}

function leftOf({ limit, remaining }: StatedLimit): HTMLElement {
  if (remaining === null) return make("span", "", limit === null ? NOT_STATED : `of ${number(limit)}: ${NOT_STATED}`);
  if (limit === null) return make("span", "", number(remaining));
  const text = make("span", "", `${number(remaining)} of ${number(limit)}`);
  return make("span", "panels-two", text, bar(limit === 0 ? 0 : remaining / limit));
}

function resetOf({ resetAtMs }: StatedLimit, now: number): HTMLElement {
  return make("span", "", resetAtMs === null ? NOT_STATED : resetAtMs <= now ? "now" : duration(resetAtMs - now));
}

function windowOf({ windowMs }: StatedLimit): HTMLElement {
  return make("span", "", windowMs === null ? NOT_STATED : duration(windowMs));
}

const NOT_STATED = "not stated";
