import { parseArgs } from "node:util";
import { CALLERS } from "./callers.mjs";
import { WORKLOADS } from "./workloads.mjs";

export const HELP = `Gets the same calls done by Tidegate, by the SDKs alone and by other libraries, each in real time and over
loopback against a simulated API whose limits are known, and says how much of the quota each made use of.

Usage: cargo xtask bench quota [options]

Options:
  --workloads <a,b>   Which; all but those that start with a minus  [default: all]
  --callers <a,b>     Which  [default: all]
  --seconds <n>       How long each workload takes at the least  [default: 15]
  --stop <n>          After how many times that a run is given up  [default: 3]
  --repeats <n>       Runs of each; the median is shown  [default: 1]
  --jobs <n>          Runs at the same time  [default: 1]
  --seed <n>          What sizes, speeds and faults are drawn from  [default: 1]
  --json              Print one JSON object a line for each row, as it is known, and no table
  --list              Name the workloads and the callers
  --quick             Only show that it works: a few calls of one workload
  -h, --help          Print this
`;

/** @throws {Error} that names the option that is wrong. */
export function readOptions(args) {
  const text = { type: "string" };
  const flag = { type: "boolean", default: false };
  const { values } = parseArgs({
    args,
    options: {
      workloads: text,
      callers: text,
      seconds: text,
      stop: text,
      repeats: text,
      jobs: text,
      seed: text,
      json: flag,
      list: flag,
      quick: flag,
      help: { ...flag, short: "h" },
    },
  });
  const { json, list, quick, help } = values;
  const few = quick ? QUICK : {};
  return {
    json,
    list,
    quick,
    help,
    workloads: few.workloads ?? chosen("workloads", values.workloads, Object.keys(WORKLOADS)),
    callers: few.callers ?? chosen("callers", values.callers, Object.keys(CALLERS)),
    seconds: few.seconds ?? number("seconds", values.seconds ?? "15", 0.1, 300),
    stop: number("stop", values.stop ?? "3", 1, 100),
    repeats: number("repeats", values.repeats ?? "1", 1, 100),
    jobs: few.jobs ?? number("jobs", values.jobs ?? "1", 1, 16),
    seed: number("seed", values.seed ?? "1", 0, 1e9),
  };
}

function chosen(option, text, names) {
  if (text === undefined) return names;
  const wanted = text.split(",").filter(Boolean);
  const but = wanted.filter((name) => name.startsWith("-")).map((name) => name.slice(1));
  for (const name of wanted.map((name) => name.replace(/^-/, ""))) {
    if (!names.includes(name)) throw new Error(`--${option} ${name}: expected some of ${names.join(", ")}.`);
  }
  return names.filter((name) => (but.length > 0 ? !but.includes(name) : wanted.includes(name)));
}

function number(name, text, least, most) {
  const value = Number(text);
  if (text.trim() === "" || !(value >= least && value <= most)) {
    throw new Error(`--${name} ${text}: expected a number from ${least} to ${most}.`);
  }
  return value;
}

/** Seconds in all: one with the limiter inside its fetch, one around its calls. */
const QUICK = {
  workloads: ["hidden-burst"],
  callers: ["tidegate-told", "p-queue"],
  seconds: 0.5,
  jobs: 2,
};
