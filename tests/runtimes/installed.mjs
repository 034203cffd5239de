// The package as its tarball brings it, where TIDEGATE_PROJECT names a project in which that is installed; else as it was built.
import { fileURLToPath } from "node:url";

export const project = process.env.TIDEGATE_PROJECT || fileURLToPath(new URL(".", import.meta.url));

/** For esbuild: whoever imports tidegate gets that one, and nothing but what it holds is bundled. */
export const installed = {
  name: "tidegate of the project",
  setup: ({ onResolve, resolve }) => {
    onResolve({ filter: /^tidegate(\/|$)/ }, ({ path, kind, pluginData }) =>
      pluginData === "resolving" ? undefined : resolve(path, { kind, resolveDir: project, pluginData: "resolving" }),
    );
  },
};
