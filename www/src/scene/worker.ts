// Runs scenes, so that the page stays smooth whatever a scene costs. It has no clock of its own: it does what it is told.
import type { Lane } from "./lane.js";
import type { Frame, FromScene, LaneFrame, ToScene } from "./messages.js";
import { World } from "./world.js";

let world: World | undefined;
let scene = -1;

/** One after the other: to advance takes several tasks. */
let before: Promise<void> = Promise.resolve();

onmessage = ({ data }: MessageEvent<ToScene>) => {
  before = before.then(() => handle(data)).catch((error: unknown) => {
    say({ type: "failed", scene: data.scene, message: error instanceof Error ? error.message : String(error) });
  });
};

async function handle(message: ToScene): Promise<void> {
  if (message.type === "open") {
    world?.close();
    world = undefined;
    world = new World(message.options);
    scene = message.scene;
    world.start();
    const interactive = Uint8Array.from(world.requests, (request) => Number(request.kind === "interactive"));
    say({ type: "opened", scene, bound: world.bound, interactive });
  } else if (world !== undefined && message.scene === scene) {
    const lastMs = performance.now() + message.patienceMs;
    await world.clock.advance(message.untilMs, () => performance.now() < lastMs);
    say(frameOf(world));
  }
}

function frameOf({ clock, isOver, lanes, levels }: World): Frame {
  const { plain, tidegate } = lanes;
  return {
    type: "frame",
    scene,
    nowMs: clock.now(),
    isOver,
    lanes: { plain: laneFrameOf(plain), tidegate: laneFrameOf(tidegate) },
    samples: levels.takeSamples(),
  };
}

function laneFrameOf({ log }: Lane): LaneFrame {
  return {
    steps: log.takeSteps(),
    counts: log.counts,
    waits: { interactive: log.waits("interactive"), batch: log.waits("batch") },
  };
}

function say(message: FromScene): void {
  postMessage(message);
}
