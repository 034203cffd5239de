// esbuild: one classic script and modules in chunks for browsers, CommonJS and modules for Node.
import path from "node:path";
import { build, version } from "esbuild";
import { askedFor, pageOf, runInBrowser, runInNode } from "./built.mjs";

const asked = await askedFor();
await bundle("page.mjs", "iife", { format: "iife" });
await bundle("page.mjs", "esm", { format: "esm", splitting: true });
await bundle("node.mjs", "node-cjs", { format: "cjs", platform: "node", outExtension: { ".js": ".cjs" } });
await bundle("node.mjs", "node-esm", { format: "esm", platform: "node", outExtension: { ".js": ".mjs" } });

await runInBrowser(asked, [
  { leg: `esbuild ${version}, one script`, path: "/one", html: pageOf("/iife/page.js", "defer") },
  { leg: `esbuild ${version}, modules`, path: "/many", html: pageOf("/esm/page.js") },
]);
runInNode(asked, `esbuild ${version}, CommonJS`, path.join(asked.out, "node-cjs/node.cjs"));
runInNode(asked, `esbuild ${version}, modules`, path.join(asked.out, "node-esm/node.mjs"));

async function bundle(program, folder, options) {
  const outdir = path.join(asked.out, folder);
  const { warnings } = await build({ entryPoints: [path.join(asked.project, program)], bundle: true, minify: true, outdir, logLevel: "error", ...options });
  if (warnings.length > 0) throw new Error(warnings.map(({ text }) => text).join("\n"));
}
