import { LevelCharts } from "./charts/level-charts.js";
import { Controls } from "./controls/controls.js";
import { LinkButton } from "./controls/link-button.js";
import { element } from "./dom.js";
import { showPanels } from "./panels/index.js";
import { Pace } from "./player/pace.js";
import { Player } from "./player/player.js";
import { Transport } from "./player/transport.js";
import { outcomeOf, outlookOf } from "./readout/outcome.js";
import { Readout } from "./readout/readout.js";
import { LANES } from "./scene/lanes.js";
import { hashOf, isOfScene, readHash } from "./scene/link.js";
import type { Frame } from "./scene/messages.js";
import { brought, type SceneOptions } from "./scene/options.js";
import { Stage } from "./stage/stage.js";

let { options, speed } = readHash(location.hash);
/** What came from the scene and has not been said in figures. */
let latest: Frame | undefined;
let figuresAtMs = 0;
let drawnAtMs = 0;
let total = 0;

const status = element("#status", HTMLElement);
const readout = new Readout();
const charts = new LevelCharts();
const pace = new Pace();
const stages = LANES.map((lane) => [lane, new Stage(element(`.lane[data-lane="${lane}"] canvas`, HTMLCanvasElement))] as const);

const player = new Player({
  opened(opened) {
    total = opened.interactive.length;
    for (const [, stage] of stages) stage.open(opened.interactive);
    readout.open(opened);
    charts.open(opened.bound.ms);
    say(outlookOf(opened));
  },
  frame(frame) {
    for (const [lane, stage] of stages) stage.take(frame.lanes[lane], performance.now());
    charts.take(frame.samples);
    pace.reached(frame.nowMs);
    latest = frame;
    if (!frame.isOver) return;
    transport.over();
    say(outcomeOf(frame, total));
  },
  failed: (message) => say(message),
});
const transport = new Transport({
  restart: () => open(options),
  speed(chosen) {
    speed = chosen;
    keepInAddress();
  },
});
const controls = new Controls(change);
const panels = showPanels({
  watch(part) {
    change(brought({ ...options, ...part }));
    element("#scene", HTMLElement).focus();
  },
});
new LinkButton(() => new URL(hashOf({ options, speed }), location.href).href);

addEventListener("hashchange", () => {
  // Who skips to a place in the page still looks at the same scene.
  if (!isOfScene(location.hash)) return keepInAddress();
  ({ options, speed } = readHash(location.hash));
  open(options);
});
document.addEventListener("themechange", () => {
  for (const [, stage] of stages) stage.recolour();
  charts.recolour();
});
const calm = matchMedia("(prefers-reduced-motion: reduce)");
open(options);
requestAnimationFrame((nowMs) => frame(nowMs, 0));

function change(wanted: SceneOptions): void {
  open(wanted);
  keepInAddress();
}

/** Begins a scene from its beginning. */
function open(wanted: SceneOptions): void {
  options = wanted;
  latest = undefined;
  say("");
  controls.show(options);
  panels.show(options);
  transport.open(speed);
  pace.open();
  player.open(options);
}

/** Lets the address be a link to the scene, without a step in the history of the browser. */
function keepInAddress(): void {
  history.replaceState(null, "", hashOf({ options, speed }));
}

/** A frame of the page: time passes, and what has moved is drawn. */
function frame(nowMs: number, elapsedMs: number): void {
  const startMs = performance.now();
  if (transport.isPlaying) {
    pace.pass(elapsedMs, speed);
    player.pass(elapsedMs, speed);
  }
  // Who wants little motion gets a picture now and then, in which everything is where it belongs.
  if (!calm.matches || nowMs - drawnAtMs >= CALM_MS) {
    for (const [, stage] of stages) stage.draw(nowMs, nowMs - drawnAtMs, !calm.matches);
    drawnAtMs = nowMs;
  }
  if (nowMs - figuresAtMs >= (calm.matches ? CALM_MS : FIGURES_MS)) {
    figuresAtMs = nowMs;
    if (latest !== undefined) readout.show(latest);
    latest = undefined;
    charts.draw();
    transport.manages(transport.isPlaying ? pace.managed : undefined);
  }
  if (IS_MEASURED) performance.measure("frame", { start: startMs, end: performance.now() });
  requestAnimationFrame((nextMs) => frame(nextMs, nextMs - nowMs));
}

function say(text: string): void {
  status.textContent = text;
}

/** Between two pictures where motion is to be reduced. */
const CALM_MS = 500;
/** Figures that change faster than this cannot be read. */
const FIGURES_MS = 100;
/** Whether the page says how long its frames take, for `cargo xtask bench frames`. */
const IS_MEASURED = new URLSearchParams(location.search).has("measure");
