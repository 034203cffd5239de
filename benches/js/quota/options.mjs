import { parseArgs } from "node:util";
import { CALLERS } from "./callers.mjs";
import { WORKLOADS } from "./workloads.mjs";

export const HELP = `Gets the same calls done by Tidegate, by the SDKs alone and by other libraries, each in real time and over
loopback against a simulated API whose limits are known, and says how much of the quota each made use of.

Usage: cargo xtask bench quota [options]

Options:
  --workloads <a,b>   Which; "more" are those beyond the usual ones, "all" are both  [default: the usual ones]
  --callers <a,b>     Which; with a minus before a name, all but that: --callers=-langchain  [default: all]
  --seconds <n>       How long each workload takes at the least  [default: 15]
  --stop <n>          After how many times that a run is given up  [default: 3]
  --repeats <n>       Runs of each; the median is shown  [default: 1]
  --jobs <n>          Runs at the same time. All of it takes an hour with 1, and 20 minutes with 3, which is a
                      little less exact  [default: 1]
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
    workloads: few.workloads ?? chosen("workloads", values.workloads, Object.keys(WORKLOADS), SETS),
    callers: few.callers ?? chosen("callers", values.callers, Object.keys(CALLERS), { all: Object.keys(CALLERS) }),
    seconds: few.seconds ?? number("seconds", values.seconds ?? "15", 0.1, 300),
    stop: number("stop", values.stop ?? "3", 1, 100),
    repeats: number("repeats", values.repeats ?? "1", 1, 100),
    jobs: few.jobs ?? number("jobs", values.jobs ?? "1", 1, 16),
    seed: number("seed", values.seed ?? "1", 0, 1e9),
  };
}

/** @param sets Names for several at once; the first of them is what is taken where nothing is asked for. */
function chosen(option, text, names, sets) {
  const [usual] = Object.values(sets);
  if (text === undefined) return usual;
  const words = text.split(",").filter(Boolean);
  for (const word of words.map((word) => word.replace(/^-/, ""))) {
    if (!names.includes(word) && !(word in sets)) throw new Error(`--${option} ${word}: expected some of ${names.join(", ")}.`);
  }
  const of = (words) => words.flatMap((word) => sets[word] ?? [word]);
  const but = of(words.filter((word) => word.startsWith("-")).map((word) => word.slice(1)));
  const wanted = of(words.filter((word) => !word.startsWith("-")));
  return (wanted.length > 0 ? names.filter((name) => wanted.includes(name)) : usual).filter((name) => !but.includes(name));
}

function number(name, text, least, most) {
  const value = Number(text);
  if (text.trim() === "" || !(value >= least && value <= most)) {
    throw new Error(`--${name} ${text}: expected a number from ${least} to ${most}.`);
  }
  return value;
}

const namesOf = (entries) => entries.map(([name]) => name);
const SETS = {
  usual: namesOf(Object.entries(WORKLOADS).filter(([, { more }]) => !more)),
  more: namesOf(Object.entries(WORKLOADS).filter(([, { more }]) => more)),
  all: Object.keys(WORKLOADS),
};
/** Seconds in all: one with the limiter inside its fetch, one around its calls. */
const QUICK = {
  workloads: ["hidden-burst"],
  callers: ["tidegate-told", "p-queue"],
  seconds: 0.5,
  jobs: 2,
};
