// A script for pages, bundled into one module.
import { build } from "esbuild";

/** The text of the module, minified. */
export async function bundledPage(entry) {
  const options = { bundle: true, write: false, minify: true, format: "esm", platform: "browser", logLevel: "error" };
  const { outputFiles } = await build({ entryPoints: [entry], ...options });
  return outputFiles[0].text;
}
