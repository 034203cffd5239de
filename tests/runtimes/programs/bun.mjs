// In Bun, as a script and compiled into one file.
import "./contract/before.mjs";
import * as tidegate from "tidegate";
import { report } from "./contract/index.mjs";
import { parts } from "./contract/parts.mjs";

const shared = tidegate.createLimiter({ limits: { default: { concurrency: 1 } } });
const isCompiled = Bun.main.startsWith("/$bunfs/") || Bun.main.includes("~BUN");
report(`Bun ${Bun.version}${isCompiled ? ", compiled" : ""}`, { tidegate, parts, shared, base: process.argv[2] });
