import { setMaxListeners } from "node:events";
import Anthropic from "@anthropic-ai/sdk";
import { createLimiter } from "tidegate";
import { createSimulator } from "tidegate/simulator";
import { Lane } from "./lane.mjs";
import { startRemote } from "./remote.mjs";
import { resultOf, tableOf } from "./report.mjs";
import { sceneOf } from "./scene.mjs";
import { createView } from "./view.mjs";

/** Runs the demo and returns the exit code. */
export async function runDemo(options) {
  const scene = sceneOf(options);
  const local = createSimulator(scene.simulator);
  const plain = local.workload(options.workload, options.requests, options.seed);
  const bound = local.bound(plain);
  // Before the clock runs: writing the prompts is not the clients' work.
  const jobs = plain.map((job, index) => ({ ...job, content: local.prompt(job.inputTokens, index) }));

  const remote = await startRemote(scene.simulator);
  const limiter = createLimiter({ ...(scene.limits && { limits: scene.limits }), seed: options.seed });
  const lanes = [tidegateLane(remote.url, limiter, jobs)];
  if (options.compare) lanes.push(bareLane(remote.url, jobs));

  const stop = new AbortController();
  // One listener for each call is what is meant, not a leak.
  setMaxListeners(0, stop.signal);
  let signalled;
  const onSignal = (name) => {
    // The second time there is no more patience.
    if (signalled) process.exit(EXIT_CODES[name]);
    signalled = name;
    stop.abort(new Error("interrupted"));
  };
  for (const name of Object.keys(EXIT_CODES)) process.on(name, onSignal);

  const view = createView(options, { lanes, limiter, remote, bound });
  let stats;
  try {
    await Promise.all(lanes.map((lane) => lane.run(stop.signal)));
    stats = await remote.stats();
  } finally {
    view.close();
    limiter.close();
    await remote.close();
    for (const name of Object.keys(EXIT_CODES)) process.off(name, onSignal);
  }

  const result = resultOf(options, { lanes, stats, bound, interrupted: signalled !== undefined });
  process.stdout.write(options.json ? `${JSON.stringify(result, null, 2)}\n` : tableOf(result));
  if (signalled) return EXIT_CODES[signalled];
  return result.lost === 0 ? 0 : 1;
}

function tidegateLane(baseURL, limiter, jobs) {
  const client = new Anthropic({ apiKey: "key-of-tidegate", baseURL, fetch: limiter.fetch, maxRetries: 0 });
  return new Lane("tidegate", client, jobs, (job) => ({ "x-tidegate-priority": job.priority }));
}

function bareLane(baseURL, jobs) {
  return new Lane("bare", new Anthropic({ apiKey: "key-of-bare", baseURL }), jobs);
}

/** 128 and the number of the signal, as shells have it. */
const EXIT_CODES = { SIGINT: 130, SIGTERM: 143 };
