import { VirtualClock } from "./clock.mjs";
import { equal, failureOf, thrownBy } from "./expect.mjs";

export const context = {
  /** The hints of a run follow the program through its awaits; where a runtime has nothing for that, run says so. */
  "run: hints": async ({ tidegate, asyncContext = true }) => {
    const limiter = tidegate.createLimiter({ limits: { default: { concurrency: 1 } } });
    if (!asyncContext) {
      const error = thrownBy(() => limiter.run({ priority: "high" }, () => 1), "run");
      equal([error.code, error.option], ["invalid-option", "asyncContext"], "its error");
      return;
    }
    const first = await limiter.acquire();
    const error = await limiter.run({ deadlineMs: 0 }, async () => {
      await new Promise((resolve) => setTimeout(resolve, 0));
      return failureOf(limiter.acquire(), "a call within the run");
    });
    equal(error.code, "deadline-exceeded", "its error");
    const outside = limiter.acquire();
    equal(limiter.snapshot().waiting, 1, "calls that wait outside of the run");
    first.release();
    (await outside).release();
  },

  /** A task's own call takes the place of its item, through the view that it is given. */
  "map: in order": async ({ tidegate }) => {
    const clock = new VirtualClock();
    const limiter = tidegate.createLimiter({
      limits: { default: { concurrency: 2 } },
      fetch: async (url) => new Response(url),
      clock,
      seed: 1,
    });
    const urls = ["a", "b", "c", "d", "e"].map((path) => `https://api.example.test/${path}`);
    const seen = [];
    const onProgress = ({ done, total }) => seen.push([done, total]);
    const job = limiter.map(urls, async (url, _index, turn) => (await turn.limiter.fetch(url)).text(), { onProgress });
    const answers = await clock.until(job);
    equal(answers, urls, "the answers, in order");
    equal(seen.at(-1), [5, 5], "the last progress");
    const failed = await failureOf(limiter.map([1], () => Promise.reject(new Error("no"))), "a job with an item that fails");
    equal([failed.code, failed.index], ["map-failed", 0], "its error");
  },
};
