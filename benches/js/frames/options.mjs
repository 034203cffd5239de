import { parseArgs } from "node:util";
import { SCENES } from "./scenes.mjs";

export const HELP = `Plays scenes of the demo page in Chromium, and shows how often it draws and how much it has to do for that.

Usage: cargo xtask bench frames [options]

Options:
  --scenes <a,b>      Which of ${Object.keys(SCENES).join(", ")}  [default: all]
  --speeds <a,b>      Seconds of the scene a second: some of 1, 2, 5, 10, 20, 60  [default: 1,10,60]
  --windows <a,b>     Sizes of the window, in CSS pixels  [default: 1440x900,390x844]
  --seconds <n>       For how long each is played from its beginning  [default: 5]
  --json              Print one JSON object a line for each figure, and no table
  --quick             Only show that it works: one scene for half a second
  -h, --help          Print this
`;

/** @throws {Error} that names the option that is wrong. */
export function readOptions(args) {
  const text = (value) => ({ type: "string", default: value });
  const flag = { type: "boolean", default: false };
  const { values } = parseArgs({
    args,
    options: {
      scenes: text(Object.keys(SCENES).join(",")),
      speeds: text("1,10,60"),
      windows: text("1440x900,390x844"),
      seconds: text("5"),
      json: flag,
      quick: flag,
      help: { ...flag, short: "h" },
    },
  });
  const { quick, json, help } = values;
  const few = quick ? { scenes: Object.keys(SCENES)[0], speeds: "10", windows: "1440x900", seconds: "0.5" } : {};
  const { scenes, speeds, windows, seconds } = { ...values, ...few };
  return {
    help,
    json: json || quick,
    scenes: Object.fromEntries(list("scenes", scenes, (name) => [name, SCENES[name]], ([, hash]) => hash !== undefined)),
    speeds: list("speeds", speeds, Number, (speed) => [1, 2, 5, 10, 20, 60].includes(speed)),
    windows: list("windows", windows, size, ({ width, height }) => inRange(width, 200, 8_000) && inRange(height, 200, 8_000)),
    forMs: list("seconds", seconds, Number, (number) => inRange(number, 0.1, 600))[0] * 1_000,
  };
}

function list(option, text, read, isRight) {
  const parts = text.split(",").map((part) => read(part.trim()));
  if (!parts.every(isRight)) throw new Error(`--${option} is ${text}: --help says what it can be`);
  return parts;
}

function size(text) {
  const [width, height] = text.split("x").map(Number);
  return { width, height };
}

function inRange(value, least, most) {
  return value >= least && value <= most;
}
