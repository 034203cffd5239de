// Rollup with the plugin that resolves packages: for browsers, and for Node.
import path from "node:path";
import { nodeResolve } from "@rollup/plugin-node-resolve";
import { rollup, VERSION } from "rollup";
import { askedFor, pageOf, runInBrowser, runInNode } from "./built.mjs";

/** Rollup itself reads scripts alone. */
const json = {
  name: "json",
  transform: (text, file) => (file.endsWith(".json") ? { code: `export default ${text}`, map: null } : null),
};

const asked = await askedFor();
await build("page.mjs", "browser", { browser: true });
await build("node.mjs", "node", { exportConditions: ["node"] });
await runInBrowser({ ...asked, out: path.join(asked.out, "browser") }, [{ leg: `Rollup ${VERSION}`, path: "/", html: pageOf("/page.js") }]);
runInNode(asked, `Rollup ${VERSION}`, path.join(asked.out, "node/node.mjs"));

async function build(program, folder, options) {
  const bundle = await rollup({
    input: path.join(asked.project, program),
    plugins: [nodeResolve(options), json],
    onwarn: (warning) => {
      throw new Error(warning.message);
    },
  });
  const names = folder === "node" ? "[name].mjs" : "[name].js";
  await bundle.write({ dir: path.join(asked.out, folder), format: "es", entryFileNames: names, chunkFileNames: `chunks/${names}` });
  await bundle.close();
}
