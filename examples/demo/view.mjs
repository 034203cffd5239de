import { seconds } from "./report.mjs";

/** Shows the run while it lasts: drawn in a terminal, as a line now and then elsewhere, not at all beside JSON. */
export function createView(options, scene) {
  if (options.json) return { close() {} };
  return process.stdout.isTTY ? new LiveView(scene) : new PlainView(scene);
}

class PlainView {
  constructor(scene) {
    this.timer = setInterval(() => console.log(scene.lanes.map(progressOf).join("   ")), 2_000);
  }

  close() {
    clearInterval(this.timer);
  }
}

class LiveView {
  #scene;
  #drawn = 0;
  #refused = {};
  #timers;

  constructor(scene) {
    this.#scene = scene;
    process.stdout.write(HIDE_CURSOR);
    // However the process ends, the terminal gets its cursor back.
    process.on("exit", showCursor);
    this.#timers = [setInterval(() => this.#draw(), 100), setInterval(() => this.#ask(), 250)];
    this.#draw();
  }

  close() {
    this.#timers.forEach(clearInterval);
    this.#draw();
    showCursor();
    process.off("exit", showCursor);
  }

  /** How many calls the server refused, only it knows. */
  async #ask() {
    const stats = await this.#scene.remote.stats();
    for (const { name, groups } of stats.organisations) {
      this.#refused[name] = groups.reduce((sum, group) => sum + group.counts.refused, 0);
    }
  }

  #draw() {
    const width = Math.min(process.stdout.columns || 80, 110);
    const lines = [...this.#lanes(width), "", ...this.#limits(width)].map((line) => line.slice(0, width - 1));
    const back = this.#drawn > 0 ? `\x1b[${this.#drawn}A` : "";
    process.stdout.write(`${back}${lines.map((line) => `\x1b[2K${line}\n`).join("")}\x1b[J`);
    this.#drawn = lines.length;
  }

  #lanes(width) {
    const { lanes, bound } = this.#scene;
    const rows = lanes.map((lane) => {
      const label = lane.name === "tidegate" ? "Tidegate" : "bare SDK";
      const figures = `${lane.done}/${lane.total}  ${lane.failed} failed  ${this.#refused[lane.name] ?? 0} refused  ${seconds(lane.elapsedMs)}`;
      return `${label.padEnd(9)}${bar(lane.done / lane.total, width - 58)} ${figures}`;
    });
    return [...rows, `at best  ${bar(Math.min(1, lanes[0].elapsedMs / bound.ms), width - 58)} ${seconds(bound.ms)} is the lower bound`];
  }

  #limits(width) {
    const { scopes, waiting } = this.#scene.limiter.snapshot();
    const inFlight = scopes.reduce((sum, scope) => sum + scope.inFlight, 0);
    const rows = scopes.flatMap((scope) =>
      scope.limits
        .filter((limit) => limit.periodMs !== null)
        .map((limit) => {
          const left = Math.max(0, Math.min(1, limit.available / limit.burst));
          const figures = `${Math.floor(limit.available)} of ${limit.burst} left`;
          return `${limit.dimension.padEnd(14)}${bar(left, width - 58)} ${figures}`;
        }),
    );
    return [`Tidegate's limits: ${waiting} calls waiting, ${inFlight} in flight`, ...rows];
  }
}

function progressOf(lane) {
  return `${lane.name} ${lane.done}/${lane.total} done, ${lane.failed} failed, ${seconds(lane.elapsedMs)}`;
}

function bar(share, width) {
  const columns = Math.max(10, width);
  const filled = Math.round(share * columns);
  return "█".repeat(filled) + "░".repeat(columns - filled);
}

const HIDE_CURSOR = "\x1b[?25l";

function showCursor() {
  process.stdout.write("\x1b[?25h");
}
