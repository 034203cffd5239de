// The contract in workerd, bundled as for deploying: node workerd.mjs <project>
//
// Once for each of some compatibility dates, between which workerd changed what matters here.
import { createRequire } from "node:module";
import path from "node:path";
import { build } from "esbuild";
import { Miniflare } from "miniflare";
import { startServer } from "./server.mjs";

const { version } = createRequire(import.meta.url)("workerd/package.json");

const [project] = process.argv.slice(2);
const manifest = await bundled(project);
const server = await startServer(project);
try {
  for (const { date, flags = [], asyncContext, simulator } of kinds()) {
    const config = { name: "contract", compatibilityDate: date, compatibilityFlags: flags, env: {}, manifest };
    const worker = new Miniflare({ workers: [{ config }], cf: false, enableDevRegistry: false });
    try {
      const ask = async (what) => {
        const body = JSON.stringify({ base: server.base, asyncContext, simulator, ...what });
        const response = await worker.dispatchFetch("http://worker.test/", { method: "POST", body });
        if (!response.ok) throw new Error(await response.text());
        return response.json();
      };
      const checks = await ask({});
      // What the module's limiter does for one request, it does for the next.
      const again = await ask({ only: ["loads: module scope"] });
      const checked = checks.map((check) => (check.result === "ok" ? (again.find(({ name }) => name === check.name) ?? check) : check));
      const named = [date, ...flags].join(" ");
      console.log(JSON.stringify({ leg: `workerd ${version}, ${named}`, checks: checked }));
    } finally {
      await worker.dispose();
    }
  }
} finally {
  await server.close();
}

/** As deploying bundles: scripts into one, and modules of WebAssembly beside it. */
async function bundled(project) {
  const { outputFiles } = await build({
    entryPoints: [path.join(project, "worker.mjs")],
    outdir: path.join(project, "built"),
    bundle: true,
    write: false,
    format: "esm",
    conditions: ["workerd", "worker", "browser"],
    loader: { ".wasm": "copy" },
    logLevel: "error",
  });
  const entry = outputFiles.find((file) => file.path.endsWith("worker.js"));
  const others = outputFiles.filter((file) => file !== entry);
  const modules = Object.fromEntries(others.map((file) => [path.basename(file.path), { type: "wasm", contents: file.contents }]));
  modules["worker.mjs"] = { type: "esm", contents: entry.text };
  return { mainModule: "worker.mjs", modules };
}

/**
 * From the oldest date of a workerd that lets scripts make streams (2022-11-30, when `streams_enable_constructors` became
 * the default, as Cloudflare's page on compatibility flags says, read on 2026-11-27) to the newest that this one knows.
 */
function kinds() {
  return [
    { date: "2022-11-30", asyncContext: false, simulator: false },
    { date: "2024-01-01", flags: ["nodejs_compat"], asyncContext: false, simulator: false },
    // The first on which Node's modules can be asked for without an import.
    { date: "2024-09-23", flags: ["nodejs_compat"], asyncContext: true, simulator: false },
    // Nodejs_compat is the default here, and bytes may be compiled, if not within a request.
    { date: "2026-10-23", asyncContext: true, simulator: true },
  ];
}
