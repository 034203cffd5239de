import { element } from "../dom.js";
import { amountsOf } from "../scene/limits.js";
import { type Amounts, DEFAULTS, inRange, type NumberName, RANGES, type SceneOptions, type Tier } from "../scene/options.js";
import { number } from "../words.js";
import { nearestStop, SLIDERS } from "./sliders.js";

/** The controls that change the scene. They show its options, and tell when somebody has chosen others. */
export class Controls {
  readonly #form = element("#controls", HTMLFormElement);
  readonly #tier = element("#tier", HTMLSelectElement);
  readonly #changed: (options: SceneOptions) => void;
  #options: SceneOptions = { ...DEFAULTS };

  /** @param changed Is told of all options when one has been changed, and not when {@link show} shows others. */
  constructor(changed: (options: SceneOptions) => void) {
    this.#changed = changed;
    this.#tier.addEventListener("change", () => this.#change({ tier: this.#tier.value as Tier }));
    for (const name of Object.keys(RANGES) as NumberName[]) {
      const input = this.#input(name);
      const slider = SLIDERS[name];
      if (slider === undefined) {
        const [least, most] = RANGES[name];
        input.min = String(least);
        input.max = String(most);
        input.addEventListener("change", () => this.#change({ [name]: inRange(name, input.valueAsNumber) }));
      } else {
        input.max = String(slider.stops.length - 1);
        const value = (): number => slider.stops[input.valueAsNumber] ?? DEFAULTS[name];
        // While it is being dragged it says what it would be; the scene begins anew once it stands.
        input.addEventListener("input", () => this.#say(name, value()));
        input.addEventListener("change", () => this.#change({ [name]: value() }));
      }
    }
    element("#another", HTMLButtonElement).addEventListener("click", () => {
      this.#change({ seed: (this.#options.seed + 1) % (RANGES.seed[1] + 1) });
    });
    this.#form.addEventListener("reset", (event) => {
      event.preventDefault();
      this.#change(DEFAULTS);
    });
    this.#form.addEventListener("submit", (event) => event.preventDefault());
  }

  /** Shows a scene that was not chosen here. */
  show(options: SceneOptions): void {
    this.#options = { ...options };
    this.#tier.value = options.tier;
    const amounts = amountsOf(options);
    for (const name of Object.keys(RANGES) as NumberName[]) {
      const slider = SLIDERS[name];
      const input = this.#input(name);
      if (slider !== undefined) {
        input.value = String(nearestStop(slider, options[name]));
        this.#say(name, options[name]);
      } else {
        // Of a tier the amounts are shown where one's own would be, and cannot be changed.
        input.value = String(name in amounts ? amounts[name as keyof Amounts] : options[name]);
        input.disabled = options.tier !== "own" && name !== "seed";
      }
    }
  }

  #change(part: Partial<SceneOptions>): void {
    const options = { ...this.#options, ...part };
    // Who takes own limits begins with those that held.
    if (part.tier === "own" && this.#options.tier !== "own") {
      const { rpm, itpm, otpm } = amountsOf(this.#options);
      Object.assign(options, { rpm, itpm, otpm });
    }
    this.show(options);
    this.#changed(options);
  }

  #say(name: NumberName, value: number): void {
    const text = SLIDERS[name]?.say(value) ?? number(value);
    element(`output[data-value="${name}"]`, HTMLOutputElement, this.#form).value = text;
    this.#input(name).setAttribute("aria-valuetext", text);
  }

  #input(name: NumberName): HTMLInputElement {
    return element(`input[name="${name}"]`, HTMLInputElement, this.#form);
  }
}
