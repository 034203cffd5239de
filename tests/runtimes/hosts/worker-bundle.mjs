// A worker bundled as for deploying: scripts into one, and modules of WebAssembly beside it.
import path from "node:path";
import { build } from "esbuild";

/**
 * Bundles a worker.
 *
 * @param entry Where it is: `entryPoints` or `stdin`, as esbuild has them.
 * @returns the manifest of its modules, as Miniflare takes it.
 */
export async function bundledWorker(entry) {
  const { outputFiles } = await build({
    ...entry,
    outdir: "built",
    bundle: true,
    write: false,
    format: "esm",
    conditions: ["workerd", "worker", "browser"],
    loader: { ".wasm": "copy" },
    logLevel: "error",
  });
  const script = outputFiles.find((file) => file.path.endsWith(".js"));
  const others = outputFiles.filter((file) => file !== script);
  const modules = Object.fromEntries(others.map((file) => [path.basename(file.path), { type: "wasm", contents: file.contents }]));
  modules["worker.mjs"] = { type: "esm", contents: script.text };
  return { mainModule: "worker.mjs", modules };
}
