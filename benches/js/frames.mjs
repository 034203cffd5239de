// Whether the demo page draws as often as a screen shows, with more than a thousand marks on it.
// cargo xtask bench frames --help
import { HELP, readOptions } from "./frames/options.mjs";

let options;
try {
  options = readOptions(process.argv.slice(2));
} catch (error) {
  console.error(`${error.message}\nTry --help.`);
  process.exit(2);
}

if (options.help) process.stdout.write(HELP);
else await measure(options);

async function measure({ scenes, speeds, windows, forMs, json }) {
  // Only now, so that the help needs nothing to be built or installed.
  const { withPages } = await import("./frames/run.mjs");
  const { figuresOf, tableOf } = await import("./frames/table.mjs");
  const rows = [];
  await withPages(async (framesOf) => {
    for (const [scene, hash] of Object.entries(scenes)) {
      for (const window of windows) {
        for (const speed of speeds) {
          const frames = await framesOf(`${hash}&speed=${speed}`, { ...window, forMs });
          rows.push({ scene, speed, window, frames });
          if (json) for (const figure of figuresOf(rows.at(-1))) console.log(JSON.stringify(figure));
          else console.error(`${scene}, ${speed}×, ${window.width}×${window.height}: ${frames.intervals.length} frames`);
        }
      }
    }
  });
  if (!json) console.log(tableOf(rows));
}
