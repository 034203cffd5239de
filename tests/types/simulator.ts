// The simulator's face: its fetch fits the limiter and the SDKs, and one clock fits both.
import Anthropic from "@anthropic-ai/sdk";
import { createLimiter } from "tidegate";
import { type Bound, createSimulator, type Job, type SimulatorOptions, type Stats } from "tidegate/simulator";
import { type RunningSimulator, startSimulator } from "tidegate/simulator/node";

const clock = {
  now: () => 0,
  wallNow: () => 0,
  setTimer: (_fire: () => void, _delayMs: number) => 0,
  clearTimer: (_timer: unknown) => {},
};
const options: SimulatorOptions = {
  seed: 1,
  limits: { default: { rpm: 60, burstMs: 1000, enforcement: "sliding-window" } },
  faults: { overloaded: 0.01 },
  clock,
};
const simulator = createSimulator(options);

export const limiter = createLimiter({ fetch: simulator.fetch, clock });
export const claude: Anthropic = new Anthropic({ apiKey: "key", fetch: simulator.fetch });
export const jobs: Job[] = simulator.workload("mixed", 10);
export const bound: Bound = simulator.bound(jobs);
export const bodies: string[] = simulator.workload("cached-prefix", 10).map((job, index) => simulator.body(job, index));
export const stats: Stats = simulator.stats();
export const running: Promise<RunningSimulator> = startSimulator({ ...options, port: 0 });

// @ts-expect-error: there is no such workload
simulator.workload("other", 10);
// @ts-expect-error: there is no such option
createSimulator({ fualts: {} });
