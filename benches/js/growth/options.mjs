import { parseArgs } from "node:util";
import { SUBJECTS } from "./subjects.mjs";

export const HELP = `Lets ever more calls wait, and shows what each holds and what it costs to let it in, to take it out again at its
signal, and to give it its turn; in Tidegate and in other queues, each number of each in a process of its own.

Usage: cargo xtask bench growth [options]

Options:
  --sizes <a,b>       How many wait  [default: 1000,10000,100000,1000000]
  --subjects <a,b>    Which  [default: all]
  --repeats <n>       Runs of each; the median is shown  [default: 3]
  --bound <n>         Seconds after which a run is not waited for, nor a larger one tried  [default: 20]
  --json              Print one JSON object a line for each figure, and no table
  --quick             Only show that it works: a few waiters
  -h, --help          Print this
`;

/** @throws {Error} that names the option that is wrong. */
export function readOptions(args) {
  const text = { type: "string" };
  const flag = { type: "boolean", default: false };
  const { values } = parseArgs({
    args,
    options: { sizes: text, subjects: text, repeats: text, bound: text, json: flag, quick: flag, help: { ...flag, short: "h" } },
  });
  const { json, quick, help } = values;
  const few = quick ? { sizes: "10,20", repeats: "1" } : {};
  return {
    json: json || quick,
    help,
    sizes: list(few.sizes ?? values.sizes ?? "1000,10000,100000,1000000").map((size) => number("sizes", size, 1, 4_000_000)),
    subjects: chosen(values.subjects),
    repeats: number("repeats", few.repeats ?? values.repeats ?? "3", 1, 100),
    boundMs: number("bound", values.bound ?? "20", 0.001, 3_600) * 1_000,
  };
}

function chosen(given) {
  const names = Object.keys(SUBJECTS);
  const subjects = given === undefined ? names : list(given);
  const unknown = subjects.find((name) => !names.includes(name));
  if (unknown !== undefined || subjects.length === 0) {
    throw new Error(`--subjects is ${given}: use some of ${names.join(", ")}`);
  }
  return subjects;
}

function list(text) {
  return text.split(",").filter((part) => part !== "");
}

function number(option, text, least, most) {
  const value = Number(text);
  if (!(value >= least && value <= most) || (option !== "bound" && !Number.isInteger(value))) {
    throw new Error(`--${option} is ${text}: use a number from ${least} to ${most}`);
  }
  return value;
}
