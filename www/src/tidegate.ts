// The package, as it is published. Relative, because a worker has no import map.
export * from "../vendor/tidegate/entry/inline.js";
