// A route in Node.
import "../../contract/before.mjs";
import * as tidegate from "tidegate";
import { runContract } from "../../contract/index.mjs";
import { parts } from "../../contract/parts.mjs";

const shared = tidegate.createLimiter({ limits: { default: { concurrency: 1 } } });

export async function POST(request) {
  const { base, asyncContext } = await request.json();
  return Response.json(await runContract({ tidegate, parts, shared, base, asyncContext }));
}
