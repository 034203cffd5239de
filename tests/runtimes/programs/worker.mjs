// In workerd: one limiter of the module, which all requests share, and the contract within a request.
import "./contract/before.mjs";
import * as tidegate from "tidegate";
import { createSimulator } from "tidegate/simulator";
import { runContract } from "./contract/index.mjs";
import { parts } from "./contract/parts.mjs";

const shared = tidegate.createLimiter({ limits: { default: { concurrency: 1 } } });
try {
  // Its module comes as bytes, and those may be compiled here, or by older dates not at all.
  createSimulator();
} catch {
  // The check of the simulator says so, where one is expected.
}

export default {
  async fetch(request) {
    const { base, only, asyncContext, simulator } = await request.json();
    const possible = { ...parts, manifest: undefined, simulator: simulator ? parts.simulator : undefined };
    return Response.json(await runContract({ tidegate, parts: possible, base, only, shared, asyncContext, sharesIsolate: true }));
  },
};
