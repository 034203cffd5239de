import { names, values } from "./before.mjs";
import { Absent, equal, ok } from "./expect.mjs";

export const loads = {
  /** A limiter decides in the very turn in which the package was imported. */
  "loads: at once": ({ tidegate }) => {
    const limiter = tidegate.createLimiter({ limits: { default: { concurrency: 1 } } });
    const permit = limiter.tryAcquire();
    ok(permit, "there is a permit");
    equal(limiter.tryAcquire(), undefined, "a second permit");
    permit.release();
    ok(limiter.tryAcquire(), "there is a permit again");
    for (const name of ["createLimiter", "estimateTokens", "isTidegateError", "parseRateLimit", "MapError", "TidegateError"]) {
      equal(typeof tidegate[name], "function", name);
    }
  },

  /** Made while modules are loaded, when some runtimes allow neither chance nor timers. */
  "loads: module scope": async ({ shared }) => {
    const permit = await shared.acquire();
    const second = shared.acquire();
    equal([shared.snapshot().inFlight, shared.snapshot().waiting], [1, 1], "in flight, waiting");
    permit.release();
    (await second).release();
    equal([shared.snapshot().inFlight, shared.snapshot().waiting], [0, 0], "in flight, waiting at the end");
  },

  "loads: version": async ({ parts }) => {
    if (parts.manifest === undefined) return new Absent("nothing there imports JSON");
    const { default: manifest } = await parts.manifest();
    equal(manifest.name, "tidegate", "the name");
    ok(/^\d+\.\d+\.\d+/.test(manifest.version), `a version, and not ${manifest.version}`);
    equal(Object.keys(manifest.dependencies ?? {}), [], "dependencies");
  },

  "loads: patches nothing": () => {
    const added = Object.getOwnPropertyNames(globalThis).filter((name) => !names.includes(name) && !LATE.test(name));
    equal(added, [], "new names in the global scope");
    for (const [name, value] of Object.entries(values)) ok(globalThis[name] === value, `${name} is another`);
  },
};

/** What bundlers and runtimes themselves add once scripts load others. */
const LATE = /^(webpackChunk|__vite|_N_E|__next|__turbopack)/;
