import type { NumberName } from "../scene/options.js";
import { number } from "../words.js";

/** An option with a slider: a few values that are worth choosing from, and how one is said. */
export interface Slider {
  readonly stops: readonly number[];
  say(value: number): string;
}

/** Round numbers of one decade, each larger than the one before by about a fifth. */
const ROUND = [1, 1.2, 1.5, 2, 2.5, 3, 3.5, 4, 5, 6, 8];

/** A link may hold any value of its range; the slider then stands at the nearest of these. */
export const SLIDERS: Readonly<Partial<Record<NumberName, Slider>>> = {
  bucket: { stops: [1, 2, 5, 10, 20, 30, 60], say: (value) => `${value} s’ worth` },
  requests: { stops: steps(10, 5_000), say: number },
  burst: { stops: [0, ...steps(10, 5_000)], say: number },
  rate: { stops: steps(10, 20_000), say: number },
  input: { stops: steps(20, 20_000), say: number },
  output: { stops: steps(10, 8_000), say: number },
  interactive: { stops: evenly(5, 100), say: percent },
  neighbour: { stops: evenly(5, 80), say: percent },
  faults: { stops: evenly(1, 30), say: percent },
};

/** The position of the stop that is nearest to a value. */
export function nearestStop({ stops }: Slider, value: number): number {
  let nearest = 0;
  for (const [position, stop] of stops.entries()) {
    if (Math.abs(stop - value) < Math.abs((stops[nearest] ?? 0) - value)) nearest = position;
  }
  return nearest;
}

/** Round values from one to another, each larger by about the same share. */
function steps(least: number, most: number): number[] {
  const values: number[] = [];
  for (let power = 1; power <= most; power *= 10) {
    for (const digit of ROUND) values.push(digit * power);
  }
  return values.filter((value) => Number.isInteger(value) && value >= least && value <= most);
}

function evenly(step: number, most: number): number[] {
  return Array.from({ length: most / step + 1 }, (_, index) => index * step);
}

function percent(value: number): string {
  return `${value} %`;
}
