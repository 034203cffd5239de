// Runs of one subject with one number of waiters, each in a process of its own, which is not waited for without end.
import { fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import { median } from "../support/measure.mjs";

const CLIENT = fileURLToPath(new URL("client.mjs", import.meta.url));
/** A million waiters of those who need most have room. */
const EXEC_ARGV = ["--expose-gc", "--max-old-space-size=8192"];

/**
 * The medians of `repeats` runs, by phase; `Infinity` for a phase of which one takes longer than `boundMs`.
 *
 * @throws {Error} when a run fails.
 */
export async function figuresOf(subject, size, phases, { repeats, boundMs }) {
  const values = new Map(phases.map((phase) => [phase, []]));
  for (let repeat = 0; repeat < repeats; repeat++) {
    let left = phases.filter((phase) => !values.get(phase).includes(Infinity));
    while (left.length > 0) {
      const run = await oneRun([subject, String(size), ...left], boundMs);
      for (const [phase, value] of run) values.get(phase).push(value);
      // Behind the phase that was ended stand others.
      left = left.slice(run.length);
    }
  }
  return new Map(phases.map((phase) => [phase, values.get(phase).includes(Infinity) ? Infinity : median(values.get(phase))]));
}

/** `[phase, value]` for each phase to the last one, or to the one that took too long. */
function oneRun(args, boundMs) {
  return new Promise((resolve, reject) => {
    const client = fork(CLIENT, args, { execArgv: EXEC_ARGV, stdio: ["ignore", "inherit", "inherit", "ipc"] });
    const figures = [];
    let bound;
    client.on("message", ({ begin, end, value }) => {
      clearTimeout(bound);
      if (end !== undefined) {
        figures.push([end, value]);
        return;
      }
      bound = setTimeout(() => {
        figures.push([begin, Infinity]);
        // It may be in the middle of what it does, and deaf to anything less.
        client.kill("SIGKILL");
      }, boundMs);
    });
    client.on("error", reject);
    client.on("close", (code) => {
      clearTimeout(bound);
      if (code === 0 || figures.at(-1)?.[1] === Infinity) resolve(figures);
      else reject(new Error(`${args.join(", ")}: ended with ${code}`));
    });
  });
}
