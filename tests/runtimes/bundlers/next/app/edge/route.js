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

export async function POST(request) {
  const { base, asyncContext } = await request.json();
  return Response.json(await runContract({ tidegate, parts, shared, base, asyncContext }));
}
