// The fresh project that has the packed tarball and nothing else: its folder is the last thing the tests say.
import { createRequire } from "node:module";
import path from "node:path";
import { pathToFileURL } from "node:url";

/** A module as the project resolves it, with the conditions of Node. */
export async function importFrom(project, specifier) {
  // Only the project's own files are asked: `require.resolve` reads the same `exports`.
  const resolved = createRequire(path.join(project, "index.js")).resolve(specifier);
  return import(pathToFileURL(resolved).href);
}

/** The address below `root` of each entry that a browser may import, by its specifier. */
export function importMap(manifest, root) {
  const imports = {};
  for (const [subpath, target] of Object.entries(manifest.exports)) {
    const file = fileOf(target);
    if (file !== undefined) imports[path.posix.join("tidegate", subpath)] = `${root}/${file.slice(2)}`;
  }
  return imports;
}

/** The file that a browser's bundler would take: the one for no runtime in particular. */
function fileOf(target) {
  if (typeof target === "string") return target;
  return fileOf(target.browser ?? target.import ?? target.default);
}
