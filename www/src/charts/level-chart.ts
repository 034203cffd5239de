import uPlot from "../../vendor/uplot/uPlot.esm.js";
import { coloursOf } from "../colour.js";
import { element } from "../dom.js";
import { LANES } from "../scene/lanes.js";
import type { DimensionName } from "../scene/levels.js";
import { clockTime } from "../words.js";

/** One limit: what is left of it in both lanes, in per cent of the most that goes at once. */
export class LevelChart {
  readonly #figure: HTMLElement;
  readonly #plot: HTMLElement;
  #chart: uPlot;
  /** Seconds. */
  #bound = 0;

  constructor(dimension: DimensionName) {
    this.#figure = element(`.chart[data-dimension="${dimension}"]`, HTMLElement);
    this.#plot = element(".plot", HTMLElement, this.#figure);
    this.#chart = this.#made();
    new ResizeObserver(() => this.#chart.setSize(this.#size)).observe(this.#plot);
  }

  /** Begins anew. @param bound What the time axis reaches to at least, in seconds. */
  open(bound: number): void {
    this.#bound = bound;
  }

  /** @param instants Seconds. @param lanes Per cent, for each lane. */
  draw(instants: readonly number[], lanes: readonly (readonly number[])[]): void {
    this.#chart.setData([instants, ...lanes] as uPlot.AlignedData);
    LANES.forEach((lane, index) => {
      const last = lanes[index]?.at(-1) ?? 100;
      element(`[data-level="${lane}"]`, HTMLElement, this.#figure).textContent = `${Math.round(last)} %`;
    });
  }

  /** The theme has changed: a chart keeps the colours with which it was made. */
  recolour(): void {
    this.#chart.destroy();
    this.#chart = this.#made();
  }

  #made(): uPlot {
    const colour = coloursOf(this.#figure);
    const axis = {
      stroke: colour("--text-soft"),
      font: `11px ${getComputedStyle(this.#figure).fontFamily}`,
      grid: { stroke: colour("--line"), width: 1 },
      ticks: { show: false },
    };
    const options: uPlot.Options = {
      ...this.#size,
      pxAlign: false,
      cursor: { show: false },
      legend: { show: false },
      padding: [8, 8, 0, 0],
      scales: {
        x: { time: false, range: (_, __, last) => [0, Math.max(this.#bound * 1.04, last ?? 0, 1)] },
        // Below nothing is debt, which some answers leave that turn out larger than was reserved.
        y: { range: (_, least) => [Math.min(0, Math.floor((least ?? 0) / 25) * 25), 100] },
      },
      axes: [
        { ...axis, size: 22, gap: 3, space: 56, values: (_, ticks) => ticks.map((tick) => clockTime(tick * 1000)) },
        { ...axis, size: 38, gap: 4, space: 28, values: (_, ticks) => ticks.map((tick) => `${tick} %`) },
      ],
      series: [
        {},
        { stroke: colour("--plain"), width: 1.5, dash: [5, 4], points: { show: false } },
        { stroke: colour("--tide"), width: 2, points: { show: false } },
      ],
      hooks: { drawAxes: [(chart) => this.#drawBound(chart, colour("--line-strong"))] },
    };
    return new uPlot(options, [[], [], []], this.#plot);
  }

  /** A line where everything could have been answered at the earliest. */
  #drawBound({ ctx, bbox, valToPos }: uPlot, colour: string): void {
    if (this.#bound === 0) return;
    const x = Math.round(valToPos(this.#bound, "x", true));
    ctx.save();
    ctx.strokeStyle = colour;
    ctx.lineWidth = devicePixelRatio;
    ctx.setLineDash([2 * devicePixelRatio, 3 * devicePixelRatio]);
    ctx.beginPath();
    ctx.moveTo(x, bbox.top);
    ctx.lineTo(x, bbox.top + bbox.height);
    ctx.stroke();
    ctx.restore();
  }

  get #size(): { width: number; height: number } {
    return { width: Math.max(this.#plot.clientWidth, 80), height: this.#plot.clientHeight };
  }
}
