// How the processes of a run talk: the one that started them asks, they answer.

/** Answers what the parent asks: `answers` has a function for each question. */
export function answerParent(answers, greeting = {}) {
  process.on("message", async ({ ask, ...details }) => {
    const answer = await answers[ask](details);
    process.send({ ask, ...answer });
  });
  // Whoever started this is gone, or wants no more of it.
  process.on("disconnect", () => process.exit());
  process.send({ ask: "ready", ...greeting });
}
