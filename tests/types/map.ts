// What a user writes of long jobs, and of shared and remembered answers, type-checks as the documentation says.
import { type CacheLike, createLimiter, isTidegateError, type Limiter, MapError, type MapOptions, type MapTurn, type Progress } from "tidegate";

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

class Memory implements CacheLike {
  readonly answers = new Map<string, Response>();

  async match(request: Request): Promise<Response | undefined> {
    return this.answers.get(request.url)?.clone();
  }

  async put(request: Request, response: Response): Promise<void> {
    this.answers.set(request.url, response);
  }
}
limiter.with({ cache: new Memory(), dedupe: true });
/** As runtimes declare theirs. */
interface StandardCache {
  add(request: string | URL | Request): Promise<void>;
  match(request: string | URL | Request, options?: { ignoreMethod?: boolean }): Promise<Response | undefined>;
  put(request: string | URL | Request, response: Response): Promise<void>;
}
declare const standard: StandardCache;
limiter.with({ cache: standard });
limiter.with({ cache: { store: new Memory(), maxAgeMs: 60_000, waitUntil: (work) => void work.then(() => {}) } });
limiter.with({ cache: false, dedupe: false });
createLimiter().on("cache-failed", ({ during, error }) => console.warn(during satisfies "match" | "put", error));

// @ts-expect-error a number is nothing to go through
limiter.map(5, () => {});
// @ts-expect-error there is no such option
limiter.map([1], () => {}, { concurrency: 5 });
// @ts-expect-error a store has match and put
limiter.with({ cache: { store: {} } });
// @ts-expect-error whether to share is yes or no
limiter.with({ dedupe: "yes" });
// @ts-expect-error answers are shared by fetch alone
limiter.acquire(1, { dedupe: true });
