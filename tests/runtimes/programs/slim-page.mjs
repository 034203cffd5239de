// In a browser, by the entry that is told where its module is.
import "./contract/before.mjs";
import * as tidegate from "tidegate/slim";
import { report } from "./contract/index.mjs";
import { parts } from "./contract/parts.mjs";

await tidegate.init(new URL(import.meta.resolve("tidegate/core.wasm")));
const shared = tidegate.createLimiter({ limits: { default: { concurrency: 1 } } });
const base = new URLSearchParams(location.search).get("base");
report("a page, slim", { tidegate, parts, shared, base, asyncContext: false });
