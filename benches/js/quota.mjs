// How much of a quota becomes answers: Tidegate beside the SDKs alone and other libraries, in real time.
// cargo xtask bench quota --help
import { CALLERS, takesPart } from "./quota/callers.mjs";
import { HELP, readOptions } from "./quota/options.mjs";
import { runOf } from "./quota/run.mjs";
import { medianRun } from "./quota/score.mjs";
import { tablesOf } from "./quota/table.mjs";
import { WORKLOADS, workloadOf } from "./quota/workloads.mjs";

let options;
try {
  options = readOptions(process.argv.slice(2));
} catch (error) {
  console.error(`${error.message}\nTry --help.`);
  process.exit(2);
}

if (options.help) process.stdout.write(HELP);
else if (options.list) list();
else await measure(options);

function list() {
  for (const [name, { about }] of Object.entries(WORKLOADS)) console.log(`${name.padEnd(22)} ${about}`);
  console.log();
  for (const [name, { title }] of Object.entries(CALLERS)) console.log(`${name.padEnd(22)} ${title}`);
}

async function measure({ workloads, callers, seconds, stop, repeats, jobs, seed, json, quick }) {
  const how = { seconds, seed };
  const made = workloads.map((name) => workloadOf(name, how));
  const tasks = made.flatMap((workload) =>
    callers.filter((caller) => takesPart(caller, workload)).map((caller) => ({ workload, how, caller, stop })),
  );
  const all = tasks.length;
  const rows = [];
  const work = async () => {
    for (let task = tasks.shift(); task !== undefined; task = tasks.shift()) {
      const { workload, caller } = task;
      try {
        const runs = [];
        for (let turn = 0; turn < repeats; turn++) runs.push(await runOf(task));
        const row = { workload: workload.name, caller, ...medianRun(runs) };
        rows.push(row);
        console.error(`${rows.length}/${all} ${inWords(row)}`);
        // As every benchmark's figures, and more.
        const figure = { bench: `quota: ${row.workload}`, subject: caller, value: row.clean, unit: "clean" };
        if (json || quick) console.log(JSON.stringify({ ...figure, ...row }));
      } catch (error) {
        // An hour's rows are worth more than the one that is missing.
        console.error(`${workload.name}, ${caller}: ${error.stack}`);
        process.exitCode = 1;
      }
    }
  };
  await Promise.all(Array.from({ length: jobs }, work));
  if (!json && !quick) console.log(tablesOf(rows));
}

function inWords({ workload, caller, completed, total, timeMs, boundMs, refused, clean, failures }) {
  const [time, bound] = [timeMs, boundMs].map((ms) => `${(ms / 1_000).toFixed(1)} s`);
  const failed = Object.entries(failures).map(([reason, count]) => `${count} ${reason}`);
  const events = [`${refused} refused`, ...failed, `clean ${clean.toFixed(3)}`];
  return `${workload}, ${caller}: ${completed} of ${total} in ${time} of ${bound}, ${events.join(", ")}`;
}
