// Computes beside the page, so that it never stutters.
import { answerOf } from "./compute.js";
import type { Answer, Question } from "./question.js";

/** A question with a number that its answer has too. */
export interface Asked {
  readonly id: number;
  readonly question: Question;
}

/** What came of it: an answer, or the text of an error. */
export type Answered = { readonly id: number } & ({ readonly answer: Answer } | { readonly error: string });

addEventListener("message", ({ data: { id, question } }: MessageEvent<Asked>) => {
  let answered: Answered;
  try {
    answered = { id, answer: answerOf(question) };
  } catch (error) {
    answered = { id, error: error instanceof Error ? error.message : String(error) };
  }
  postMessage(answered);
});
