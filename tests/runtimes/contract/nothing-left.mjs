import { equal } from "./expect.mjs";

export const leavesNothing = {
  /** After everything else: nothing was stored where a runtime would keep it. */
  "leaves: nothing": async () => {
    const { caches, indexedDB, localStorage, sessionStorage } = storesOf(globalThis);
    equal([localStorage?.length ?? 0, sessionStorage?.length ?? 0], [0, 0], "entries in the web's stores");
    equal((await caches?.keys?.()) ?? [], [], "caches");
    equal((await indexedDB?.databases?.()) ?? [], [], "databases");
  },
};

/** Some runtimes have these names and throw, or warn, where no place was given to them. */
function storesOf({ document, caches, indexedDB, localStorage, sessionStorage }) {
  return document === undefined ? {} : { caches, indexedDB, localStorage, sessionStorage };
}
