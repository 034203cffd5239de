// A worker for each subject, in a workerd of its own each time.
import { bundledWorker } from "../../../tests/runtimes/hosts/worker-bundle.mjs";
import { withWorker } from "../../../tests/runtimes/hosts/worker.mjs";

/** What each subject is as a worker, which decides in its first request. */
export async function workers(subjects) {
  const built = subjects.map(async (subject) => {
    const contents = `import decide from "./${subject}.mjs";
      export default { fetch: async () => { await decide(); return new Response("decided"); } };`;
    return [subject, await bundledWorker({ stdin: { contents, resolveDir: import.meta.dirname } })];
  });
  return Object.fromEntries(await Promise.all(built));
}

/** How long it takes from the start of workerd to the answer of its first request. */
export async function firstAnswer(manifest) {
  const started = performance.now();
  const whole = await withWorker({ manifest, compatibilityDate: "2026-10-23" }, async (worker) => {
    const answer = await (await worker.dispatchFetch("http://worker.test/")).text();
    if (answer !== "decided") throw new Error(answer);
    return performance.now() - started;
  });
  return { whole };
}
