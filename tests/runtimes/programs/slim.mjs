// In Node, by the entry that is given its module.
import "./contract/before.mjs";
import { readFile } from "node:fs/promises";
import * as tidegate from "tidegate/slim";
import { report } from "./contract/index.mjs";
import { parts } from "./contract/parts.mjs";
import { asyncContext, without } from "./this-node.mjs";

await tidegate.init(await readFile(new URL(import.meta.resolve("tidegate/core.wasm"))));
const shared = tidegate.createLimiter({ limits: { default: { concurrency: 1 } } });
report(`Node ${process.versions.node}, slim`, { tidegate, parts, shared, base: process.argv[2], asyncContext, without });
