// The published limits that the package carries.
export * from "../vendor/tidegate/presets/index.js";
