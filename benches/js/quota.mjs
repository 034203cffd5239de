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
  const tasks = [];
  const rows = [];
  for (const name of workloads) {
    const how = { seconds, seed };
    const workload = workloadOf(name, how);
    for (const caller of callers.filter((caller) => takesPart(caller, workload))) {
      tasks.push({ workload, how, caller, stop });
    }
  }
  let begun = 0;
  const work = async () => {
    for (let task = tasks.shift(); task !== undefined; task = tasks.shift()) {
      const { workload, caller } = task;
      const runs = [];
      for (let turn = 0; turn < repeats; turn++) runs.push(await runOf(task));
      const row = { workload: workload.name, caller, ...medianRun(runs) };
      rows.push(row);
      begun += 1;
      tell(row, begun, begun + tasks.length);
    }
  };
  const total = tasks.length;
  const tell = (row, done) => {
    const { workload, caller, completed, timeMs, boundMs, refused, clean } = row;
    if (json || quick) console.log(JSON.stringify({ bench: `quota: ${workload}`, subject: caller, value: clean, unit: "clean", ...row }));
    const time = `${(timeMs / 1_000).toFixed(1)} s of ${(boundMs / 1_000).toFixed(1)} s`;
    console.error(`${done}/${total} ${workload}, ${caller}: ${completed} of ${row.total} in ${time}, ${refused} refused, clean ${clean.toFixed(3)}`);
  };
  await Promise.all(Array.from({ length: jobs }, work));
  const order = Object.keys(CALLERS);
  rows.sort((one, other) => order.indexOf(one.caller) - order.indexOf(other.caller));
  if (!json && !quick) console.log(tablesOf(rows));
}
