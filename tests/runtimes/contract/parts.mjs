// The other entries of the package, imported by their names when a check wants them.

export const parts = {
  manifest: () => import("tidegate/package.json", { with: { type: "json" } }),
  presets: () => import("tidegate/presets"),
  simulator: () => import("tidegate/simulator"),
  tokens: () => import("tidegate/tokens"),
};
