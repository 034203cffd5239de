// In a browser that resolves names by an import map, or built by a bundler for one.
import "./contract/before.mjs";
import * as tidegate from "tidegate";
import { report } from "./contract/index.mjs";
import { parts } from "./contract/parts.mjs";

const base = new URLSearchParams(location.search).get("base");
report("a page", { tidegate, parts, base, asyncContext: false });
