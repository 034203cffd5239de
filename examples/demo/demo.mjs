#!/usr/bin/env node
// Several hundred Messages calls through Tidegate against a simulated API, beside the bare SDK: cargo xtask demo --help
import { HELP, readOptions } from "./options.mjs";

let options;
try {
  options = readOptions(process.argv.slice(2));
} catch (error) {
  console.error(`${error.message}\nTry --help.`);
  process.exit(2);
}

if (options.help) {
  process.stdout.write(HELP);
} else {
  // Only now, so that the help needs nothing to be built or installed.
  const { runDemo } = await import("./run.mjs");
  process.exitCode = await runDemo(options);
}
