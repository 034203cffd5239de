// Where the examples send: to the real API where its key is in the environment, else to a simulated one on this machine.
import { startSimulator } from "tidegate/simulator/node";

export async function serverFor(variable) {
  const apiKey = process.env[variable];
  if (apiKey) return { apiKey, url: undefined, close() {} };
  const simulator = await startSimulator({ limits: { default: { rpm: 240, burstMs: 1_000 } } });
  return {
    apiKey: "simulated",
    url: simulator.url,
    async close() {
      const { served, refused } = simulator.stats().organisations[0].groups[0].counts;
      console.log(`The simulated server served ${served} calls and refused ${refused}.`);
      await simulator.close();
    },
  };
}

/** What is asked: more at once than the server takes in a second. */
export const QUESTIONS = ["spring", "neap", "ebb", "flood", "slack", "king"].map((tide) => `What is a ${tide} tide?`);
