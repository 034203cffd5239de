// In Deno, with leave for the loopback server alone, or without an argument with none at all.
import "./contract/before.mjs";
import * as tidegate from "tidegate";
import { report } from "./contract/index.mjs";
import { parts } from "./contract/parts.mjs";

const [base] = Deno.args;
await report(`Deno ${Deno.version.deno}${base === undefined ? ", no permission" : ""}`, { tidegate, parts, base });
