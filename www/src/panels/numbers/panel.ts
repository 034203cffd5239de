import { element, make } from "../../dom.js";
import { anthropic } from "../../presets.js";
import { amountsOf, publishedAmounts } from "../../scene/limits.js";
import type { SceneOptions, Tier } from "../../scene/options.js";
import type { PanelHooks } from "../index.js";
import { Calculator } from "./calculator.js";
import { type FieldName, FIELDS, faultsOf, questionOf, type Values, watchable } from "./fields.js";
import { groupsOfTier } from "./tiers.js";
import { NumbersView } from "./view.js";

/** The tab that says how long a visitor's own job takes. It follows the scene until the visitor changes a number. */
export class NumbersPanel {
  readonly #form = element("#numbers-form", HTMLFormElement);
  readonly #tier = element("#numbers-tier", HTMLSelectElement);
  readonly #watched = element("#numbers-watched", HTMLElement);
  readonly #view = new NumbersView();
  readonly #calculator = new Calculator(this.#view);
  readonly #inputs = Object.fromEntries(
    (Object.keys(FIELDS) as FieldName[]).map((name) => [name, element(`#numbers-${name}`, HTMLInputElement)]),
  ) as Record<FieldName, HTMLInputElement>;
  #scene: SceneOptions | undefined;
  #isTouched = false;
  /** The visitor's own limits, while a published tier is chosen. */
  #own: Readonly<Record<"rpm" | "itpm" | "otpm", string>> | undefined;

  constructor(hooks: PanelHooks) {
    for (const name of Object.keys(FIELDS) as FieldName[]) {
      this.#inputs[name].min = String(FIELDS[name].least);
      this.#inputs[name].max = String(FIELDS[name].most);
    }
    this.#form.addEventListener("input", (event) => {
      this.#isTouched = true;
      this.#watched.textContent = "";
      if (event.target === this.#tier) this.#chooseTier();
      this.#ask();
    });
    this.#form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#watch(hooks);
    });
    element("#numbers-reset", HTMLButtonElement).addEventListener("click", () => {
      this.#isTouched = false;
      this.#watched.textContent = "";
      if (this.#scene !== undefined) this.follow(this.#scene);
    });
    showSource();
    showAssumptions();
  }

  /** Takes the numbers of another scene, unless the visitor has written some. */
  follow(scene: SceneOptions): void {
    this.#scene = scene;
    if (this.#isTouched) return;
    this.#tier.value = scene.tier;
    this.#own = { rpm: String(scene.rpm), itpm: String(scene.itpm), otpm: String(scene.otpm) };
    const { requests, input, output } = scene;
    const { rpm, itpm, otpm } = amountsOf(scene);
    for (const [name, value] of Object.entries({ requests, input, output, rpm, itpm, otpm })) {
      this.#inputs[name as FieldName].value = String(value);
    }
    this.#markReadOnly();
    this.#ask();
  }

  #chooseTier(): void {
    const tier = this.#tier.value as Tier;
    if (!this.#inputs.rpm.readOnly) {
      const { rpm, itpm, otpm } = this.#inputs;
      this.#own = { rpm: rpm.value, itpm: itpm.value, otpm: otpm.value };
    }
    const amounts = tier === "own" ? this.#own : publishedAmounts(tier);
    for (const name of LIMITS) this.#inputs[name].value = String(amounts?.[name] ?? "");
    this.#markReadOnly();
  }

  #markReadOnly(): void {
    for (const name of LIMITS) this.#inputs[name].readOnly = this.#tier.value !== "own";
  }

  #ask(): void {
    const values = this.#values();
    const faults = faultsOf(values);
    for (const [name, input] of Object.entries(this.#inputs)) {
      const isWrong = faults.some(({ field }) => field === name);
      input.ariaInvalid = String(isWrong);
      if (isWrong) input.setAttribute("aria-describedby", "numbers-headline");
      else input.removeAttribute("aria-describedby");
    }
    if (faults.length > 0) {
      this.#calculator.forget();
      this.#view.showFaults(faults.map(({ message }) => message));
    } else {
      this.#calculator.ask(questionOf(values, this.#tier.value as Tier));
    }
  }

  #watch(hooks: PanelHooks): void {
    const values = this.#values();
    const [fault] = faultsOf(values);
    if (fault !== undefined) {
      this.#inputs[fault.field].focus();
      return;
    }
    const { options, clamped } = watchable(questionOf(values, this.#tier.value as Tier));
    // What the page then shows are these numbers in the ranges of a scene: the visitor's own stay.
    this.#isTouched = true;
    const changes = clamped.length === 0 ? "" : ` It holds less than that: ${clamped.join(" ")}`;
    this.#watched.textContent = `The scene has these numbers now.${changes}`;
    hooks.watch(options);
  }

  /** An input that holds letters has no number. */
  #values(): Values {
    const entries = Object.entries(this.#inputs).map(([name, input]) => [name, input.valueAsNumber]);
    return Object.fromEntries(entries) as Values;
  }
}

function showSource(): void {
  const { source, readOn } = anthropic.start;
  const link = make("a", "", new URL(source).host);
  link.href = source;
  const day = make("time", "", readOn);
  day.dateTime = readOn;
  const { same, other } = groupsOfTier("start");
  const before = `The tiers’ limits of ${same.join(", ")}. Others hold for ${other.join(", ")}. Published at `;
  element("#numbers-source", HTMLElement).replaceChildren(before, link, ", read on ", day, ".");
}

function showAssumptions(): void {
  element("#numbers-assumed", HTMLElement).textContent =
    "Assumed: all requests are handed in at once, every bucket is full and holds a minute’s worth, nothing is read from " +
    "a prompt cache, and an answer takes 0.4 s and then a second for every 80 tokens. Computed by the simulator.";
}

const LIMITS = ["rpm", "itpm", "otpm"] as const;
