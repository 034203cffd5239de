// In Deno, with leave for the loopback server alone, or without an argument with none at all.
import "./contract/before.mjs";
import * as tidegate from "tidegate";
import { report } from "./contract/index.mjs";
import { parts } from "./contract/parts.mjs";

const shared = tidegate.createLimiter({ limits: { default: { concurrency: 1 } } });
const [base] = Deno.args;
report(`Deno ${Deno.version.deno}${base === undefined ? ", no permission" : ""}`, { tidegate, parts, shared, base });
