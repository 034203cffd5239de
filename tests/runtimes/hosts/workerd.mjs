// The contract in workerd, bundled as for deploying: node workerd.mjs <project>
//
// Once for each of some compatibility dates, between which workerd changed what matters here.
import { createRequire } from "node:module";
import path from "node:path";
import { startServer } from "./server.mjs";
import { bundledWorker } from "./worker-bundle.mjs";
import { withWorker } from "./worker.mjs";

const { version } = createRequire(import.meta.url)("workerd/package.json");

const [project] = process.argv.slice(2);
const manifest = await bundledWorker({ entryPoints: [path.join(project, "worker.mjs")] });
const server = await startServer(project);
try {
  for (const { date, flags = [], asyncContext, simulator } of kinds()) {
    await withWorker({ manifest, compatibilityDate: date, compatibilityFlags: flags }, async (worker) => {
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
      console.log(JSON.stringify({ leg: `workerd ${version}, ${[date, ...flags].join(" ")}`, checks: checked }));
    });
  }
} finally {
  await server.close();
}

/**
 * From the oldest date of a workerd that lets scripts make streams (2022-11-30, when `streams_enable_constructors` became
 * the default: the day before, as tried on 2026-11-27, it says that this flag is wanted) to the newest that this one knows.
 */
function kinds() {
  return [
    { date: "2022-11-30", asyncContext: false, simulator: false },
    { date: "2024-01-01", flags: ["nodejs_compat"], asyncContext: false, simulator: false },
    // The first on which Node's modules can be asked for without an import.
    { date: "2024-09-23", flags: ["nodejs_compat"], asyncContext: true, simulator: false },
    // `nodejs_compat` is the default here, and bytes may be compiled, if not within a request.
    { date: "2026-10-23", asyncContext: true, simulator: true },
  ];
}
