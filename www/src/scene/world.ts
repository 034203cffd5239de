import { type Bound, createSimulator, type Simulator } from "../simulator.js";
import { createLimiter, type Limiter } from "../tidegate.js";
import { VirtualClock } from "./clock.js";
import { Lane, type Program } from "./lane.js";
import { keyOf, type LaneName, LANES } from "./lanes.js";
import { Levels } from "./levels.js";
import { limiterLimits, serverLimits } from "./limits.js";
import type { SceneOptions } from "./options.js";
import { plainly } from "./plain.js";
import { randomFrom } from "./random.js";
import { type Request, requestsOf } from "./workload.js";

/** A scene: one simulated API, and two programs that send it the same requests, each with limits of its own. */
export class World {
  readonly clock: VirtualClock = new VirtualClock();
  readonly requests: readonly Request[];
  readonly lanes: Readonly<Record<LaneName, Lane>>;
  readonly levels: Levels;
  /** The least time in which anybody could get the requests answered, if there were no faults. */
  readonly bound: Bound;
  #limiter: Limiter | undefined;
  #isOver = false;

  constructor(options: SceneOptions) {
    const { clock } = this;
    const simulator = simulatorOf(options, clock);
    const requests = requestsOf(options);
    this.requests = requests;
    const jobs = requests.map((request) => request.job);
    this.bound = simulator.bound(jobs, requests.map((request) => request.atMs));
    this.levels = new Levels(simulator, clock, this.bound.ms);

    const bodies: string[] = [];
    // Made when it is needed, by whoever needs it first.
    const body = (id: number): string => (bodies[id] ??= simulator.body(jobs[id] as (typeof jobs)[number], id));
    const around = { clock, server: simulator.fetch, requests, body };
    const throughTidegate: Program = (network) => {
      const limiter = createLimiter({ clock, seed: options.seed, fetch: network, limits: limiterLimits(options) });
      this.#limiter = limiter;
      const urgent = limiter.with({ priority: "high" });
      return (url, init, { kind }) => (kind === "interactive" ? urgent : limiter).fetch(url, init);
    };
    this.lanes = {
      plain: new Lane(around, keyOf("plain"), plainly(clock, randomFrom(options.seed + 1))),
      tidegate: new Lane(around, keyOf("tidegate"), throughTidegate),
    };
  }

  /** Whether every request of both lanes has ended. */
  get isOver(): boolean {
    return this.#isOver;
  }

  /** Begins. What happens from now on happens in {@link VirtualClock.advance}. */
  start(): void {
    this.levels.start();
    void Promise.all(LANES.map((name) => this.lanes[name].run())).then(() => {
      this.levels.stop();
      this.#isOver = true;
    });
  }

  /** Nothing happens any more. */
  close(): void {
    this.clock.close();
    this.#limiter?.close();
  }
}

function simulatorOf(options: SceneOptions, clock: VirtualClock): Simulator {
  const faults = options.faults / 100;
  return createSimulator({
    clock,
    seed: options.seed,
    limits: serverLimits(options),
    organisations: LANES.map((name) => ({ name, apiKeys: [keyOf(name)] })),
    neighbour: { share: options.neighbour / 100 },
    faults: { overloaded: faults / 2, error: faults / 4, drop: faults / 4 },
  });
}
