// What this version of Node has for the contract.
const [major] = process.versions.node.split(".").map(Number);

/** Node from 20.16 and from 22.3 on hands out its built-in modules, and 21 never did. */
export const asyncContext = typeof process.getBuiltinModule === "function";

/** What its own fetch cannot. */
export const without =
  major === 21 ? { "aborts: by the reader": "the fetch of Node 21 keeps the connection of an answer that is cancelled" } : {};
