// Runs a program of another runtime beside the loopback server: node serve.mjs <project> <program> [argument…]
//
// The program gets the server's address as its last argument. One that does not end is ended.
import { spawn } from "node:child_process";
import { startServer } from "./server.mjs";

/** Ten times as long as any program takes. */
const LONGEST_MS = 60_000;

const [project, program, ...args] = process.argv.slice(2);
const server = await startServer(project);
const child = spawn(program, [...args, server.base], { cwd: project, stdio: ["ignore", "inherit", "inherit"] });
const watch = setTimeout(() => {
  console.error(`${program} did not end within ${LONGEST_MS / 1000} s`);
  child.kill("SIGKILL");
}, LONGEST_MS);
const failure = await new Promise((resolve) => {
  child.once("error", (error) => resolve(error.message));
  child.once("exit", (code, signal) => resolve(code === 0 ? undefined : `it ended with ${signal ?? `exit code ${code}`}`));
});
clearTimeout(watch);
await server.close();
if (failure !== undefined) {
  console.error(`${program}: ${failure}`);
  process.exitCode = 1;
}
