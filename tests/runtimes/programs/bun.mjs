// In Bun, as a script and compiled into one file.
import "./contract/before.mjs";
import * as tidegate from "tidegate";
import { report } from "./contract/index.mjs";
import { parts } from "./contract/parts.mjs";

const isCompiled = Bun.main.startsWith("/$bunfs/") || Bun.main.includes("~BUN");
await report(`Bun ${Bun.version}${isCompiled ? ", compiled" : ""}`, { tidegate, parts, base: process.argv[2] });
