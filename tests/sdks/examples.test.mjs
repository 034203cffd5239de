// The examples of the SDKs, as they are started without a key: against the simulator on this machine.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { readdir } from "node:fs/promises";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const folder = new URL("../../examples/sdks/", import.meta.url);
const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !/_API_KEY|_BASE_URL|^AWS_/.test(name)));

for (const name of (await readdir(folder)).filter((name) => name.endsWith(".mjs") && name !== "server.mjs")) {
  test(`examples/sdks/${name} has its calls answered, and none refused`, async () => {
    const script = fileURLToPath(new URL(name, folder));
    const { stdout, stderr } = await promisify(execFile)(process.execPath, [script], { env, timeout: 50_000 });
    assert.equal(stdout.match(/ tide\? +\S/g)?.length, 6, stdout + stderr);
    assert.match(stdout, /served 6 calls and refused 0\.\n$/);
  });
}
