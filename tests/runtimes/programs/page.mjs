// In a browser that resolves names by an import map, or built by a bundler for one.
import "./contract/before.mjs";
import * as tidegate from "tidegate";
import { report } from "./contract/index.mjs";
import { parts } from "./contract/parts.mjs";

const shared = tidegate.createLimiter({ limits: { default: { concurrency: 1 } } });
const base = new URLSearchParams(location.search).get("base");
report("a page", { tidegate, parts, shared, base, asyncContext: false });
