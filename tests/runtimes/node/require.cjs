// `require` of the package gives the very same module as `import`.
const assert = require("node:assert/strict");

const required = require("tidegate");
const { version } = require("tidegate/package.json");

assert.match(version, /^\d+\.\d+\.\d+/);
assert.equal(typeof required.createLimiter, "function");
const { tables } = require("tidegate/tokens");
assert.equal(tables.length, 4);
assert.ok(required.estimateTokens("qzx wvk jqz", { model: "gpt-5" }) > 3);
import("tidegate").then((imported) => assert.equal(imported.createLimiter, required.createLimiter));
