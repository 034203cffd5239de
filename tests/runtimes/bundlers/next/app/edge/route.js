// A route in the edge runtime, which compiles no bytes, and so has no simulator.
import "../../contract/before.mjs";
import * as tidegate from "tidegate";
import { runContract } from "../../contract/index.mjs";

export const runtime = "edge";

const shared = tidegate.createLimiter({ limits: { default: { concurrency: 1 } } });
const parts = {
  presets: () => import("tidegate/presets"),
  tokens: () => import("tidegate/tokens"),
};
/** Once there is a request, the framework puts a fetch of its own in the place of the runtime's. */
const without = { "loads: patches nothing": "Next itself replaces fetch at an edge route's first request" };

export async function POST(request) {
  const { base, asyncContext } = await request.json();
  return Response.json(await runContract({ tidegate, parts, shared, base, asyncContext, without, sharesIsolate: true }));
}
