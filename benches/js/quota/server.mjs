// The simulated API, in a process of its own, so that it and the clients do not wait for one another. Only the program
// that may know the truth about the server runs here too.
import { startSimulator } from "tidegate/simulator/node";
import { answerParent } from "./answer.mjs";
import { clockFrom } from "./clock.mjs";
import { prepared } from "./program.mjs";
import { WARM_UP } from "./warm-up.mjs";

const rehearsal = await startSimulator(WARM_UP.server);
let simulator;
let program;

answerParent(
  {
    async start({ options, startAt }) {
      simulator = await startSimulator({ ...options, clock: clockFrom(startAt) });
      return { url: simulator.url };
    },
    stats: () => ({ stats: simulator.stats() }),
    async prepare(task) {
      program = await prepared(task);
    },
    run: (start) => program.run({ ...start, simulator }),
    results: () => ({ results: program.results }),
  },
  { url: rehearsal.url },
);
