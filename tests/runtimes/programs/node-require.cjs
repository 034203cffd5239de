// In Node, required: the very same module as an import gives, which Node has from 20.19 on.
require("./contract/before.mjs");
const tidegate = require("tidegate");
const { report } = require("./contract/index.mjs");

const shared = tidegate.createLimiter({ limits: { default: { concurrency: 1 } } });
const parts = {
  manifest: () => ({ default: require("tidegate/package.json") }),
  presets: () => require("tidegate/presets"),
  simulator: () => require("tidegate/simulator"),
  tokens: () => require("tidegate/tokens"),
};

import("tidegate").then(async (imported) => {
  if (imported.createLimiter !== tidegate.createLimiter) throw new Error("import and require give two copies of the package");
  await report(`Node ${process.versions.node}, required`, { tidegate, parts, shared, base: process.argv[2] });
});
