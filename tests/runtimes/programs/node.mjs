// In Node, imported. It does not end by itself: nothing that the package leaves may keep a process alive.
import "./contract/before.mjs";
import * as tidegate from "tidegate";
import { report } from "./contract/index.mjs";
import { parts } from "./contract/parts.mjs";

const shared = tidegate.createLimiter({ limits: { default: { concurrency: 1 } } });

// Node from 20.16 and from 22.3 on hands out its built-in modules, and 21 never did.
const asyncContext = typeof process.getBuiltinModule === "function";
const without = process.version.startsWith("v21.")
  ? { "aborts: by the reader": "the fetch of Node 21 keeps the connection of an answer that is cancelled" }
  : {};
report(`Node ${process.versions.node}`, { tidegate, parts, shared, base: process.argv[2], asyncContext, without });
