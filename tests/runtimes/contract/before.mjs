// Imported before the package, so that what the package does to the global scope can be told from what was there.

/** The names in the global scope. */
export const names = Object.getOwnPropertyNames(globalThis);

/** What a library that patches globals would patch. */
export const values = Object.fromEntries(
  ["fetch", "Request", "Response", "Headers", "AbortController", "Promise", "setTimeout", "clearTimeout", "performance"].map(
    (name) => [name, globalThis[name]],
  ),
);
