import { once } from "node:events";
import { Worker } from "node:worker_threads";

/** Starts the simulated API in a thread. `stats()` asks it for the truth; `close()` ends it. */
export async function startRemote(options) {
  const worker = new Worker(new URL("./server.mjs", import.meta.url), { workerData: options });
  const [{ url }] = await once(worker, "message");
  let asked;
  return {
    url,
    stats() {
      asked ??= (async () => {
        worker.postMessage("stats");
        const [{ stats }] = await once(worker, "message");
        asked = undefined;
        return stats;
      })();
      return asked;
    },
    async close() {
      const exited = once(worker, "exit");
      worker.postMessage("close");
      await exited;
    },
  };
}
