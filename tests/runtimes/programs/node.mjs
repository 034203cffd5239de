// In Node, imported. It does not end by itself: nothing that the package leaves may keep a process alive.
import "./contract/before.mjs";
import * as tidegate from "tidegate";
import { report } from "./contract/index.mjs";
import { parts } from "./contract/parts.mjs";
import { asyncContext, without } from "./this-node.mjs";

const shared = tidegate.createLimiter({ limits: { default: { concurrency: 1 } } });

report(`Node ${process.versions.node}`, { tidegate, parts, shared, base: process.argv[2], asyncContext, without });
