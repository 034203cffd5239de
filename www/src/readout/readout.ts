import { element } from "../dom.js";
import { LANES, type LaneName } from "../scene/lanes.js";
import type { Waits } from "../scene/log.js";
import type { Frame, LaneFrame, Opened } from "../scene/messages.js";
import { clockTime, duration, number, short } from "../words.js";

/** What the page says in figures about the scene. */
export class Readout {
  readonly #now = element("#now", HTMLElement);
  readonly #bound = element("#bound", HTMLElement);
  readonly #lanes: Readonly<Record<LaneName, LaneReadout>> = {
    plain: new LaneReadout("plain"),
    tidegate: new LaneReadout("tidegate"),
  };
  #boundMs = 0;
  #total = 0;

  /** Begins anew. */
  open({ bound, interactive }: Opened): void {
    this.#boundMs = bound.ms;
    this.#total = interactive.length;
    this.#bound.textContent = `of at least ${clockTime(bound.ms)}`;
  }

  show({ nowMs, lanes }: Frame): void {
    this.#now.textContent = clockTime(nowMs);
    for (const lane of LANES) this.#lanes[lane].show(lanes[lane], nowMs, this.#boundMs, this.#total);
  }
}

/** The figures of one lane. */
class LaneReadout {
  readonly #name: LaneName;
  readonly #lane: HTMLElement;

  constructor(name: LaneName) {
    this.#name = name;
    this.#lane = element(`.lane[data-lane="${name}"]`, HTMLElement);
  }

  show({ counts, waits }: LaneFrame, nowMs: number, boundMs: number, total: number): void {
    const done = this.#at("done");
    done.textContent = `${number(counts.done)} `;
    const of = document.createElement("small");
    of.textContent = `of ${number(total)}`;
    done.append(of);
    this.#count("refused", counts.refused, number);
    this.#count("failed", counts.failed, number);
    this.#count("wasted", counts.wastedTokens, short);
    this.#at("waiting").textContent = number(counts.waiting);
    this.#at("in-flight").textContent = number(counts.inFlight);
    const [label, time] = timeOf(counts.endedAtMs, nowMs, boundMs, counts.done === total);
    this.#at("time-label").textContent = label;
    this.#at("time").textContent = time;
    this.#wait("interactive", waits.interactive);
    this.#wait("batch", waits.batch);
  }

  /** Of what should be none, some is told by colour and weight, too. */
  #count(name: string, value: number, say: (value: number) => string): void {
    const place = this.#at(name);
    place.textContent = say(value);
    place.classList.toggle("some", value > 0);
  }

  #wait(kind: string, { half, most }: Waits): void {
    const row = element(`.waits [data-kind="${kind}"]`, HTMLElement);
    const say = (value: number | null): string => (value === null ? "–" : value === Infinity ? "never" : duration(value));
    element(`[data-wait="${this.#name}-half"]`, HTMLElement, row).textContent = say(half);
    element(`[data-wait="${this.#name}-most"]`, HTMLElement, row).textContent = say(most);
  }

  #at(name: string): HTMLElement {
    return element(`[data-count="${name}"]`, HTMLElement, this.#lane);
  }
}

/** How a lane stands against the least time. */
function timeOf(endedAtMs: number | null, nowMs: number, boundMs: number, isAll: boolean): [label: string, time: string] {
  if (endedAtMs !== null) {
    // Who gives up is soon done; that is no time to compare.
    if (!isAll) return ["Ended at", clockTime(endedAtMs)];
    return ["Took", `${clockTime(endedAtMs)}, ${(endedAtMs / boundMs).toFixed(2)} × least`];
  }
  return nowMs <= boundMs ? ["Least time left", clockTime(boundMs - nowMs)] : ["Over the least by", clockTime(nowMs - boundMs)];
}
