import type { LaneFrame } from "../scene/messages.js";
import { Crowd } from "./crowd.js";
import { Grid, type Zone } from "./grid.js";
import type { Leaving, Mark } from "./mark.js";
import { type Palette, paletteOf } from "./palette.js";

/** One lane as a picture: whoever waits stands at the gate, behind it is the server, and answers leave to the right. */
export class Stage {
  readonly #canvas: HTMLCanvasElement;
  readonly #context: CanvasRenderingContext2D;
  readonly #waitingGrid = new Grid();
  readonly #serverGrid = new Grid();
  #crowd = new Crowd(new Uint8Array());
  #total = 0;
  #doneShare = 0;
  #palette: Palette;
  #width = 0;
  #height = 0;

  constructor(canvas: HTMLCanvasElement) {
    const context = canvas.getContext("2d");
    if (context === null) throw new Error("This browser cannot draw on a canvas.");
    this.#canvas = canvas;
    this.#context = context;
    this.#palette = paletteOf(canvas);
    new ResizeObserver(() => this.#fit()).observe(canvas);
    this.#fit();
  }

  /** Begins anew. */
  open(interactive: Uint8Array): void {
    this.#crowd = new Crowd(interactive);
    this.#total = interactive.length;
    this.#doneShare = 0;
  }

  /** Takes what has happened. `nowMs` is of the page's clock. */
  take(frame: LaneFrame, nowMs: number): void {
    this.#crowd.take(frame, nowMs, { entry: -SIZE, gate: this.#gate - SIZE, height: this.#height });
    this.#doneShare = this.#total === 0 ? 0 : frame.counts.done / this.#total;
  }

  /** The theme has changed. */
  recolour(): void {
    this.#palette = paletteOf(this.#canvas);
  }

  /** Draws. `elapsedMs` have passed since it was last drawn; marks that may not glide are where they belong at once. */
  draw(nowMs: number, elapsedMs: number, mayGlide: boolean): void {
    const share = mayGlide ? 1 - Math.exp(-elapsedMs / GLIDE_MS) : 1;
    this.#drawZones();
    const { waiting, inFlight } = this.#crowd;
    this.#waitingGrid.begin(this.#waitingZone, waiting.size);
    // Who is urgent stands in front, which is where Tidegate lets them; plain fetch knows no urgency, and no order either.
    for (const mark of waiting.values()) if (mark.isInteractive) this.#waitingGrid.attract(mark, share);
    for (const mark of waiting.values()) if (!mark.isInteractive) this.#waitingGrid.attract(mark, share);
    this.#serverGrid.begin(this.#serverZone, inFlight.size);
    for (const mark of inFlight.values()) this.#serverGrid.attract(mark, share);
    this.#drawStanding(waiting, this.#waitingGrid.pitch, nowMs);
    this.#drawStanding(inFlight, this.#serverGrid.pitch, nowMs);
    this.#drawLeaving(nowMs, elapsedMs, mayGlide);
  }

  #drawZones(): void {
    const { top, height } = this.#waitingZone;
    this.#context.clearRect(0, 0, this.#width, this.#height);
    this.#context.fillStyle = this.#palette.zone;
    this.#context.fillRect(this.#gate, 0, this.#exit - this.#gate, this.#height);
    this.#drawDone();
    this.#context.strokeStyle = this.#palette.line;
    this.#context.lineWidth = 1;
    this.#context.setLineDash([3, 4]);
    this.#context.beginPath();
    for (const x of [this.#gate, this.#exit]) {
      this.#context.moveTo(x + 0.5, top);
      this.#context.lineTo(x + 0.5, top + height);
    }
    this.#context.stroke();
    this.#context.setLineDash([]);
  }

  /** What has been answered rises behind the server as water does behind a gate. */
  #drawDone(): void {
    const height = this.#height * this.#doneShare;
    this.#context.fillStyle = this.#palette.done;
    this.#context.globalAlpha = 0.22;
    this.#context.fillRect(this.#exit + 1, this.#height - height, this.#width - this.#exit, height);
    this.#context.globalAlpha = 1;
  }

  /** One path for each look, as a thousand single ones would take too long. */
  #drawStanding(marks: Map<number, Mark>, pitch: number, nowMs: number): void {
    const size = pitch * MARK_SHARE;
    const round = new Path2D();
    const square = new Path2D();
    const refused = new Path2D();
    for (const mark of marks.values()) {
      if (mark.refusedUntilMs > nowMs) addCross(refused, mark, size);
      else if (mark.isInteractive) addRound(round, mark, size);
      else addSquare(square, mark, size);
    }
    this.#context.fillStyle = this.#palette.batch;
    this.#context.fill(square);
    this.#context.fillStyle = this.#palette.lane;
    this.#context.fill(round);
    this.#context.strokeStyle = this.#palette.refused;
    this.#context.lineWidth = Math.max(1.2, size / 4);
    this.#context.stroke(refused);
  }

  #drawLeaving(nowMs: number, elapsedMs: number, mayGlide: boolean): void {
    const { leaving } = this.#crowd;
    for (const { mark, how } of leaving) {
      const age = (nowMs - mark.leftAtMs) / LEAVE_MS;
      if (mayGlide) drift(mark, how, elapsedMs, this.#exit, this.#width);
      this.#context.globalAlpha = Math.min(1, Math.max(0, 1.2 - age * 1.2));
      const path = new Path2D();
      if (how === "failed") {
        addCross(path, mark, SIZE);
        this.#context.strokeStyle = this.#palette.failed;
        this.#context.lineWidth = 1.5;
        this.#context.stroke(path);
      } else {
        (mark.isInteractive ? addRound : addSquare)(path, mark, SIZE);
        this.#context.fillStyle = this.#palette.done;
        this.#context.fill(path);
      }
    }
    this.#context.globalAlpha = 1;
    const gone = leaving.findIndex(({ mark }) => nowMs - mark.leftAtMs < LEAVE_MS);
    leaving.splice(0, gone === -1 ? leaving.length : gone);
  }

  get #gate(): number {
    return Math.round(this.#width * GATE);
  }

  get #exit(): number {
    return Math.round(this.#width * EXIT);
  }

  get #waitingZone(): Zone {
    return { left: PAD, top: PAD, width: this.#gate - 2 * PAD, height: this.#height - 2 * PAD };
  }

  get #serverZone(): Zone {
    return { left: this.#gate + PAD, top: PAD, width: this.#exit - this.#gate - 2 * PAD, height: this.#height - 2 * PAD };
  }

  /** As many pixels as the screen has. */
  #fit(): void {
    const { clientWidth, clientHeight } = this.#canvas;
    const scale = Math.min(window.devicePixelRatio, 2);
    this.#width = clientWidth;
    this.#height = clientHeight;
    this.#canvas.width = Math.round(clientWidth * scale);
    this.#canvas.height = Math.round(clientHeight * scale);
    this.#context.setTransform(scale, 0, 0, scale, 0, 0);
  }
}

function drift(mark: Mark, how: Leaving, elapsedMs: number, exit: number, width: number): void {
  if (how === "failed") {
    mark.y += elapsedMs * 0.05;
  } else {
    // From wherever it was answered it comes out, and goes on.
    mark.x = Math.max(mark.x, exit) + (elapsedMs * (width - exit)) / LEAVE_MS;
  }
}

function addRound(path: Path2D, { x, y }: Mark, size: number): void {
  path.moveTo(x + size / 2, y);
  path.arc(x, y, size / 2, 0, 2 * Math.PI);
}

function addSquare(path: Path2D, { x, y }: Mark, size: number): void {
  const side = size * 0.84;
  path.rect(x - side / 2, y - side / 2, side, side);
}

function addCross(path: Path2D, { x, y }: Mark, size: number): void {
  const arm = Math.max(2.5, size / 2);
  path.moveTo(x - arm, y - arm);
  path.lineTo(x + arm, y + arm);
  path.moveTo(x + arm, y - arm);
  path.lineTo(x - arm, y + arm);
}

/** Where the server begins, and where it ends, as shares of the width. The headings above the stage stand so, too. */
const GATE = 0.52;
const EXIT = 0.86;
const PAD = 8;
/** Of marks that leave, in CSS pixels. */
const SIZE = 8;
/** How much of a place a mark takes. */
const MARK_SHARE = 0.74;
/** In which a mark goes most of its way. */
const GLIDE_MS = 110;
/** In which it fades. */
const LEAVE_MS = 700;
