// A program in a process of its own.
import { answerParent } from "./answer.mjs";
import { prepared } from "./program.mjs";

let program;

answerParent({
  async prepare(task) {
    program = await prepared(task);
  },
  run: (start) => program.run(start),
  results: () => ({ results: program.results }),
});
