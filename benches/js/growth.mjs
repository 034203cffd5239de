// How a queue of Tidegate grows beside those of its peers: bytes, and time to enter, to be cancelled, to have a turn.
// cargo xtask bench growth --help
import { HELP, readOptions } from "./growth/options.mjs";
import { figuresOf } from "./growth/run.mjs";
import { CANCELLED } from "./growth/subjects.mjs";
import { tablesOf } from "./growth/table.mjs";

const PHASES = { memory: "bytes", enqueue: "ns", cancel: "ns", drain: "ns" };

let options;
try {
  options = readOptions(process.argv.slice(2));
} catch (error) {
  console.error(`${error.message}\nTry --help.`);
  process.exit(2);
}

if (options.help) process.stdout.write(HELP);
else await measure(options);

async function measure({ sizes, subjects, repeats, boundMs, json }) {
  const rows = [];
  for (const subject of subjects) {
    const tooLong = new Set();
    for (const size of sizes) {
      const tried = Object.keys(PHASES).filter((phase) => can(subject, phase) && !tooLong.has(phase));
      const figures = await figuresOf(subject, size, tried, { repeats, boundMs });
      for (const [phase, unit] of Object.entries(PHASES)) {
        // What was too long for fewer is not tried with more.
        if (figures.get(phase) === Infinity) tooLong.add(phase);
        const value = tooLong.has(phase) ? Infinity : figures.get(phase);
        rows.push({ phase, unit, subject, size, value });
        // An endless figure is null as JSON.
        if (json) console.log(JSON.stringify({ bench: `${size} waiters: ${phase}`, subject, value, unit, size, phase }));
        else console.error(`${subject}, ${size} waiters, ${phase}: ${value ?? "none"} ${unit}`);
      }
    }
  }
  if (!json) console.log(tablesOf(rows, boundMs));
}

function can(subject, phase) {
  return phase !== "cancel" || CANCELLED.includes(subject);
}
