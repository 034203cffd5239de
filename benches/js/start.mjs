// From the import of a limiter to its first decision, cold: each time in a new process, isolate or profile.
//
// Of the time that the program itself takes, and of the whole, in which the runtime starts too; beside peers, and beside
// a script that does nothing. Subjects take turns, so that what slows the machine slows them all.
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import path from "node:path";
import { median, quick, report } from "./support/measure.mjs";
import { firstInPage, withPages } from "./start/chromium.mjs";
import { firstAnswer, workers } from "./start/workerd.mjs";

const RUNS = quick ? 1 : 15;
const SUBJECTS = ["tidegate", "p-queue", "bottleneck", "nothing"];
const TOOLS = path.join(import.meta.dirname, "../../tests/runtimes/node_modules");

for (const [name, command] of Object.entries(runtimes())) {
  const times = await inTurns(SUBJECTS, (subject) => inProcess(command, subject));
  tell(`import to first decision, ${name}`, times, "own");
  tell(`whole process, ${name}`, times, "whole");
}
const built = await workers(SUBJECTS);
tell("start to first answer, workerd", await inTurns(SUBJECTS, (subject) => firstAnswer(built[subject])), "whole");
if (process.env.TIDEGATE_CHROMIUM === undefined) {
  console.error("Chromium is not measured: name it in TIDEGATE_CHROMIUM");
} else {
  await withPages(process.env.TIDEGATE_CHROMIUM, SUBJECTS, async (pages) => {
    tell("import to first decision, Chromium", await inTurns(SUBJECTS, (subject) => firstInPage(pages, subject)), "own");
  });
}

/** The majors of Node that are maintained, Deno, Bun: what starts a script in each. */
function runtimes() {
  const found = { [`Node ${process.versions.node}`]: [process.execPath] };
  for (const major of ["n20", "n24", "n26"]) {
    const node = path.join(TOOLS, major, "bin/node");
    if (existsSync(node)) found[`Node ${spawnSync(node, ["--version"], { encoding: "utf8" }).stdout.trim().slice(1)}`] = [node];
  }
  found.Deno = [path.join(TOOLS, ".bin/deno"), "run", "--allow-env", "--allow-read"];
  found.Bun = [path.join(TOOLS, ".bin/bun"), "run"];
  return found;
}

async function inTurns(subjects, measure) {
  const times = Object.fromEntries(subjects.map((subject) => [subject, []]));
  for (let run = 0; run < RUNS; run++) {
    for (const subject of subjects) times[subject].push(await measure(subject));
  }
  return times;
}

function inProcess([program, ...args], subject) {
  const script = path.join(import.meta.dirname, "start/decide.mjs");
  const started = performance.now();
  const { status, stdout, stderr } = spawnSync(program, [...args, script, subject], { encoding: "utf8" });
  const whole = performance.now() - started;
  if (status !== 0) throw new Error(`${program} with ${subject}: ${stderr}`);
  return { own: Number(stdout), whole };
}

function tell(bench, times, which) {
  for (const [subject, all] of Object.entries(times)) report(bench, subject, median(all.map((time) => time[which])), "ms");
}
