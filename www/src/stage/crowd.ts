import { Step } from "../scene/log.js";
import type { LaneFrame } from "../scene/messages.js";
import type { Leaving, Mark } from "./mark.js";

/** All marks of a lane, by where they are. The steps of the scene move them from one place to the next. */
export class Crowd {
  /** In the order in which they came, or came back. */
  readonly waiting: Map<number, Mark> = new Map();
  /** In the order in which they were sent. */
  readonly inFlight: Map<number, Mark> = new Map();
  /** They fade. The latest come last. */
  readonly leaving: { mark: Mark; how: Leaving }[] = [];
  readonly #interactive: Uint8Array;

  /** @param interactive For each request 1 if somebody waits for it. */
  constructor(interactive: Uint8Array) {
    this.#interactive = interactive;
  }

  /** Takes the steps of a frame. `nowMs` is of the page's clock. */
  take({ steps }: LaneFrame, nowMs: number, edges: Edges): void {
    for (let at = 0; at + 1 < steps.length; at += 2) {
      this.#step(steps[at] as number, steps[at + 1] as Step, nowMs, edges);
    }
    this.leaving.splice(0, this.leaving.length - MOST_LEAVING);
  }

  #step(id: number, step: Step, nowMs: number, edges: Edges): void {
    switch (step) {
      case Step.handed:
        this.waiting.set(id, this.#made(id, edges));
        break;
      case Step.sent:
        move(id, this.waiting, this.inFlight);
        break;
      case Step.refused:
      case Step.faulted: {
        const mark = move(id, this.inFlight, this.waiting);
        if (mark === undefined) break;
        mark.refusedUntilMs = nowMs + REFUSED_MS;
        mark.x = edges.gate;
        break;
      }
      case Step.done:
        this.#leave(this.inFlight, id, "done", nowMs);
        break;
      case Step.failed:
        this.#leave(this.waiting, id, "failed", nowMs);
        break;
    }
  }

  #made(id: number, { entry, height }: Edges): Mark {
    // Multiples of the golden ratio spread evenly over the rows, however many there are.
    const lot = (id * GOLDEN) % 1;
    const isInteractive = this.#interactive[id] === 1;
    return { id, isInteractive, lot, x: entry, y: lot * height, refusedUntilMs: 0, leftAtMs: 0 };
  }

  #leave(from: Map<number, Mark>, id: number, how: Leaving, nowMs: number): void {
    const mark = from.get(id);
    if (mark === undefined) return;
    from.delete(id);
    mark.leftAtMs = nowMs;
    this.leaving.push({ mark, how });
  }
}

/** Where marks come in, in CSS pixels. */
export interface Edges {
  /** Those that are new. */
  readonly entry: number;
  /** Those that were refused. */
  readonly gate: number;
  readonly height: number;
}

/** It goes to the end of where it goes. */
function move(id: number, from: Map<number, Mark>, to: Map<number, Mark>): Mark | undefined {
  const mark = from.get(id);
  if (mark === undefined) return undefined;
  from.delete(id);
  to.set(id, mark);
  return mark;
}

/** How long a refusal can be seen. */
const REFUSED_MS = 450;
/** More of them than can be told apart. */
const MOST_LEAVING = 300;
const GOLDEN = 0.618034;
