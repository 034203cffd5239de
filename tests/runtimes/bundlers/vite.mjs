// Vite: an application of one page, and what the smallest one ships.
import path from "node:path";
import { build } from "vite";
import { askedFor, runInBrowser, shipped, versionOf } from "./built.mjs";

const asked = await askedFor();
for (const page of ["index", "smallest"]) {
  await build({
    root: asked.project,
    configFile: false,
    logLevel: "warn",
    build: { outDir: path.join(asked.out, page), emptyOutDir: true, rollupOptions: { input: path.join(asked.project, `${page}.html`) } },
  });
}
const notes = [await shipped(path.join(asked.out, "smallest"))];
await runInBrowser({ ...asked, out: path.join(asked.out, "index") }, [{ leg: `Vite ${versionOf("vite")}`, path: "/index.html", notes }]);
