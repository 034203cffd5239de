import { LANES } from "../scene/lanes.js";
import { DIMENSIONS, SAMPLE_LENGTH } from "../scene/levels.js";
import { LevelChart } from "./level-chart.js";

/** What is left of the three limits in both lanes, over the time of the scene. */
export class LevelCharts {
  readonly #charts: readonly LevelChart[] = DIMENSIONS.map((dimension) => new LevelChart(dimension));
  /** Seconds. */
  #instants: number[] = [];
  /** For each chart, and in it for each lane, per cent. */
  #levels: number[][][] = [];
  #hasNews = false;

  /** Begins anew. @param boundMs What the time axis reaches to at least. */
  open(boundMs: number): void {
    this.#instants = [];
    this.#levels = DIMENSIONS.map(() => LANES.map(() => []));
    for (const chart of this.#charts) chart.open(boundMs / 1000);
    this.#hasNews = true;
  }

  /** Takes the samples of a frame. */
  take(samples: Float64Array): void {
    for (let at = 0; at + SAMPLE_LENGTH <= samples.length; at += SAMPLE_LENGTH) {
      this.#instants.push((samples[at] as number) / 1000);
      LANES.forEach((_, lane) => {
        DIMENSIONS.forEach((_, dimension) => {
          this.#levels[dimension]?.[lane]?.push(samples[at + 1 + lane * DIMENSIONS.length + dimension] as number);
        });
      });
      this.#hasNews = true;
    }
  }

  /** Draws what is new. */
  draw(): void {
    if (!this.#hasNews) return;
    this.#hasNews = false;
    this.#charts.forEach((chart, index) => chart.draw(this.#instants, this.#levels[index] ?? []));
  }

  /** The theme has changed. */
  recolour(): void {
    for (const chart of this.#charts) chart.recolour();
    this.#hasNews = true;
  }
}
