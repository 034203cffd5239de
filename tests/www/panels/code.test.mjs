// Every program that the page prints is run as it is printed, by Node, against a simulated API with the scene's limits.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { after, before, describe, test } from "node:test";
import { fileURLToPath, pathToFileURL } from "node:url";
import { amountsOf } from "../../../site/src/scene/limits.js";
import { KINDS, sdkOf, installOf } from "../../../site/src/panels/code/kinds.js";
import { programOf } from "../../../site/src/panels/code/program.js";
import { DEFAULTS } from "../../../site/src/scene/options.js";

const repository = fileURLToPath(new URL("../../../", import.meta.url));
const preload = pathToFileURL(join(dirname(fileURLToPath(import.meta.url)), "support/simulated-api.mjs")).href;

/** Small answers, so that they are soon written. */
const SCENE = { ...DEFAULTS, input: 400, output: 100 };
const SCENES = {
  "a preset": { tier: "build", bucket: 60, requests: 30, interactive: 0 },
  "a preset with a shorter bucket, shared by two priorities": { tier: "start", bucket: 2, requests: 50, interactive: 20 },
  "own limits": { tier: "own", bucket: 60, requests: 30, interactive: 100 },
  "own limits in a bucket of a second": { tier: "own", rpm: 900, bucket: 1, requests: 40, interactive: 0 },
  "own limits that two priorities share": { tier: "own", rpm: 600, bucket: 1, requests: 40, interactive: 30 },
  "an output limit that is smaller than an answer": { tier: "own", otpm: 100_000, bucket: 1, output: 1_800, requests: 3, interactive: 0 },
};

let folder;
before(async () => {
  // Inside of the repository, so that the packages are found.
  await mkdir(join(repository, "target"), { recursive: true });
  folder = await mkdtemp(join(repository, "target", "programs-"));
});
after(() => rm(folder, { recursive: true, force: true }));

describe("every program gets every answer within the limits", { concurrency: 2 }, () => {
  for (const [name, changes] of Object.entries(SCENES)) {
    const options = { ...SCENE, ...changes };
    // OpenAI's API counts an answer before it is written, and refuses for good what its limit never holds.
    for (const kind of KINDS.filter((kind) => kind !== "openai" || options.output < 1_000)) {
      test(`${name}: ${sdkOf(kind).label}`, async () => {
        const { stdout, prompts, groups } = await run(programOf(options, kind), options, kind);
        assert.equal(stdout, `${options.requests} answers\n`);
        assert.equal(new Set(prompts).size, options.requests);
        assert.equal(groups.length, 1);
        assert.equal(groups[0].counts.served, options.requests);
        // Time is real here, and on a busy machine requests bunch up on their way. A limiter that was told other limits
        // would be refused for all that is beyond a bucket.
        assert.ok(groups[0].counts.refused <= options.requests / 5, `${groups[0].counts.refused} were refused`);
        if (!isMixed(options)) return;
        // The batch was handed in first, and a bucket of it went at once; then those that somebody waits for.
        const lastQuestion = prompts.findLastIndex((prompt) => prompt.startsWith("Question"));
        assert.ok(lastQuestion < options.requests * 0.9, `the last question was the ${lastQuestion + 1}th`);
      });
    }
  }
});

test("nothing is printed that a scene does not need", () => {
  const plain = { ...SCENE, tier: "scale", bucket: 60, interactive: 0 };
  for (const kind of KINDS.filter((kind) => kind !== "openai")) {
    const program = programOf(plain, kind);
    assert.match(program, /createLimiter\(\{ limits: anthropic\.scale\.limits \}\)/);
    assert.doesNotMatch(program, /priority|burst|rpm/);
  }
  const own = programOf({ ...plain, tier: "own", rpm: 1234, itpm: 56_789, otpm: 100_000 }, "anthropic");
  assert.match(own, /"claude-sonnet-\*": \{ rpm: 1234, itpm: 56_789, otpm: 100_000 \}/);
  assert.doesNotMatch(own, /presets/);
});

test("no line is too long to be read beside another", () => {
  for (const kind of KINDS) {
    for (const changes of Object.values(SCENES)) {
      const longest = Math.max(...programOf({ ...SCENE, ...changes }, kind).split("\n").map((line) => line.length));
      assert.ok(longest <= 120, `${kind}: ${longest} characters`);
    }
  }
});

test("what a program imports is what the line beside it installs", () => {
  for (const kind of KINDS) {
    const program = programOf({ ...SCENE, bucket: 60 }, kind);
    const imported = [...program.matchAll(/from "([^"]+)"/g)].map(([, name]) => name.split("/").slice(0, name.startsWith("@") ? 2 : 1).join("/"));
    assert.deepEqual([...new Set(imported)].sort(), installOf(kind).split(" ").slice(2).sort());
  }
});

function isMixed({ interactive }) {
  return interactive > 0 && interactive < 100;
}

async function run(program, options, kind) {
  const file = join(folder, `${kind}-${Math.random().toString(36).slice(2)}.mjs`);
  await writeFile(file, program);
  const { rpm, itpm, otpm } = amountsOf(options);
  const shape = kind === "openai" ? { rpm, tpm: itpm + otpm } : { rpm, itpm, otpm };
  const scene = { limits: { ...shape, burstMs: options.bucket * 1_000 }, outputTokens: options.output };
  const env = { ...process.env, [sdkOf(kind).key]: "simulated", SIMULATED_SCENE: JSON.stringify(scene) };
  const child = spawn(process.execPath, ["--import", preload, file], { env, stdio: ["ignore", "pipe", "pipe", "pipe"] });
  const [stdout, stderr, told] = await Promise.all([1, 2, 3].map((stream) => textOf(child.stdio[stream])));
  assert.equal(child.exitCode ?? (await new Promise((resolve) => child.once("close", resolve))), 0, stderr);
  return { stdout, ...JSON.parse(told) };
}

async function textOf(stream) {
  return Buffer.concat(await stream.toArray()).toString();
}
