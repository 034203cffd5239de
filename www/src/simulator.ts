// The simulator of the package.
export * from "../vendor/tidegate/simulator/index.js";
