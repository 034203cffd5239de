// What a user writes of long jobs, and of shared answers, type-checks as the documentation says.
import { isTidegateError, type Limiter, MapError, type MapOptions, type MapTurn, type Progress } from "tidegate";

declare const limiter: Limiter;
declare const lines: AsyncIterable<string>;

export const lengths: Promise<number[]> = limiter.map(["a", "b"], (item, index) => item.length + index);
export const answers: Promise<string[]> = limiter.map(lines, async (line, _index, { limiter: view, signal, permit }) => {
  const response = await view.fetch("https://api.example.com/", { method: "POST", body: line, signal });
  permit.settle(1);
  return response.text();
});
export const resolved: Promise<number[]> = limiter.map([Promise.resolve(1), 2], (item) => item * 2);
export const noticed: Promise<void[]> = limiter.map(new Set([1]), (item: number, _index: number, turn: MapTurn) => turn.permit.release());

const options: MapOptions<string> = {
  priority: "low",
  cost: (item, index) => ({ inputTokens: item.length, requests: index }),
  stopOnError: false,
  ahead: 10,
  total: 1000,
  onProgress: ({ done, failed, total, running, ahead, ratePerSecond, etaMs }: Progress) =>
    console.log(done + failed + running + ahead + ratePerSecond, total ?? "?", etaMs ?? "?"),
};
export const done: Promise<string[]> = limiter.map(lines, (line) => line, options);
limiter.map([1, 2], (item) => item, { cost: (item) => item, dedupe: true, signal: new AbortController().signal });

try {
  await limiter.map([1], () => "done");
} catch (error) {
  if (isTidegateError(error, "map-failed")) {
    const { index, errors, results }: MapError = error;
    errors.map((failure) => failure.index + index + results.length);
  }
  if (error instanceof MapError) error.cause satisfies unknown;
}

// @ts-expect-error a number is nothing to go through
limiter.map(5, () => {});
// @ts-expect-error there is no such option
limiter.map([1], () => {}, { concurrency: 5 });
// @ts-expect-error whether to share is yes or no
limiter.with({ dedupe: "yes" });
// @ts-expect-error answers are shared by fetch alone
limiter.acquire(1, { dedupe: true });
