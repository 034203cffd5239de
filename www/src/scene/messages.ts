import type { Bound } from "../simulator.js";
import type { LaneName } from "./lanes.js";
import type { Counts, Waits } from "./log.js";
import type { SceneOptions } from "./options.js";

/** What the page says to the worker in which a scene runs. Each is answered by one {@link FromScene}. */
export type ToScene =
  | { readonly type: "open"; readonly scene: number; readonly options: SceneOptions }
  | {
      readonly type: "advance";
      readonly scene: number;
      /** Until which instant, in milliseconds from the beginning of the scene. */
      readonly untilMs: number;
      /** How long that may take, in real milliseconds; if it takes longer, time stands where it came to. */
      readonly patienceMs: number;
    };

/** What the worker says. Answers about a scene that was replaced by another carry its old number. */
export type FromScene =
  | Opened
  | Frame
  | { readonly type: "failed"; readonly scene: number; readonly message: string };

/** A scene is ready to be played. */
export interface Opened {
  readonly type: "opened";
  readonly scene: number;
  /** The least time in which anybody could get the requests answered. */
  readonly bound: Bound;
  /** For each request 1 if somebody waits for it, and 0 if it is part of the batch. */
  readonly interactive: Uint8Array;
}

/** What has happened since the frame before. */
export interface Frame {
  readonly type: "frame";
  readonly scene: number;
  readonly nowMs: number;
  readonly isOver: boolean;
  readonly lanes: Readonly<Record<LaneName, LaneFrame>>;
  /** See {@link Levels.takeSamples}. */
  readonly samples: Float64Array;
}

export interface LaneFrame {
  /** See {@link LaneLog.takeSteps}. */
  readonly steps: Int32Array;
  readonly counts: Counts;
  readonly waits: { readonly interactive: Waits; readonly batch: Waits };
}
