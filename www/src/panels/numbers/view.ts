import { bar, element, make, table } from "../../dom.js";
import { capital, dimensionName, duration, number } from "../../words.js";
import type { Answer, Least } from "./question.js";
import { bindingName, headline, nextTier } from "./sentences.js";
import { TIER_NAMES } from "./tiers.js";

/** What stands beside the form: an answer, or why there is none. While another is computed, the old one is dimmed. */
export class NumbersView {
  readonly #result = element("#numbers-result", HTMLElement);
  readonly #headline = element("#numbers-headline", HTMLElement);
  readonly #tables = element("#numbers-tables", HTMLElement);

  showAnswer(answer: Answer): void {
    this.#show("answer", headline(answer));
    this.#tables.replaceChildren(limitsTable(answer), tiersTable(answer), make("p", "panels-next", nextTier(answer)));
  }

  showFaults(messages: readonly string[]): void {
    this.#show("fault", messages.join(" "));
    this.#tables.replaceChildren();
  }

  /** The answer that is shown is to another question: it is dimmed, and marked as busy for those who do not see that. */
  showBusy(): void {
    this.#result.dataset.state = "busy";
    this.#result.ariaBusy = "true";
  }

  #show(state: "answer" | "fault", text: string): void {
    this.#result.dataset.state = state;
    this.#result.ariaBusy = "false";
    if (this.#headline.textContent !== text) this.#headline.textContent = text;
  }
}

function limitsTable({ limits }: Answer): HTMLTableElement {
  const longest = Math.max(...limits.map(({ ms }) => ms), 1);
  const rows = limits.map(({ counted, perMinute, total, ms }) => [
    make(
      "span",
      "panels-two",
      make("span", "", capital(dimensionName(counted))),
      make("span", "panels-small", `${number(perMinute)} a minute`),
    ),
    make("span", "", number(total)),
    make("span", "panels-two", make("span", "", ms === 0 ? "at once" : duration(ms)), bar(ms / longest)),
  ]);
  return table("What each limit alone would need", ["Limit", "You need", "At least"], rows);
}

function tiersTable({ yours, tiers }: Answer): HTMLTableElement {
  const all = yours.tier === "own" ? [yours, ...tiers] : tiers;
  const longest = Math.max(...all.map(({ ms }) => ms ?? 0), 1);
  const rows = all.map((least) => [
    make("span", "", TIER_NAMES[least.tier], least.tier === yours.tier ? make("span", "panels-badge", "chosen") : ""),
    make("span", "panels-two", make("span", "", timeOf(least)), bar((least.ms ?? 0) / longest)),
    make("span", "", capital(bindingName(least))),
  ]);
  return table("The tiers beside each other", ["Limits", "At least", "What binds"], rows);
}

function timeOf({ ms }: Least): string {
  return ms === undefined ? "never" : duration(ms);
}
