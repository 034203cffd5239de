// The simulated API, in a thread of its own so that it and the clients do not wait for one another.
import { parentPort, workerData } from "node:worker_threads";
import { startSimulator } from "tidegate/simulator/node";

const simulator = await startSimulator(workerData);

parentPort.on("message", async (question) => {
  if (question === "stats") {
    parentPort.postMessage({ stats: simulator.stats() });
  } else {
    await simulator.close();
    parentPort.close();
  }
});
parentPort.postMessage({ url: simulator.url });
