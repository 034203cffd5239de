import { VirtualClock } from "./clock.mjs";
import { equal } from "./expect.mjs";
import { messagesAnswer, messagesCall, upstream } from "./scripted.mjs";

export const limits = {
  "limits: bucket": async ({ tidegate }) => {
    const limit = { dimension: "requests", amount: 10, periodMs: 1_000, burst: 3 };
    equal(await startsOf(tidegate, limit, 6), [0, 0, 0, 100, 200, 300], "starts");
  },

  "limits: windows": async ({ tidegate }) => {
    const limit = { dimension: "requests", amount: 2, periodMs: 1_000 };
    for (const enforcement of ["fixed-window", "sliding-window"]) {
      equal(await startsOf(tidegate, { ...limit, enforcement }, 5), [0, 0, 1_000, 1_000, 2_000], `starts in a ${enforcement}`);
    }
  },

  "limits: tokens": async ({ tidegate }) => {
    const clock = new VirtualClock();
    const limiter = tidegate.createLimiter({ limits: { default: { itpm: 6_000 } }, clock, seed: 1 });
    (await limiter.acquire({ inputTokens: 6_000 })).settle({ inputTokens: 5_000 });
    equal(limiter.estimate({ inputTokens: 2_000 }).waitMs, 10_000, "the wait for what settling did not give back");
    let startedAt;
    const waiting = limiter.acquire({ inputTokens: 2_000 }).then((permit) => {
      startedAt = clock.now();
      permit.release();
    });
    await clock.advance(60_000);
    await waiting;
    equal(startedAt, 10_000, "the start");
  },

  /** Limits nobody configured are those that the server's headers state. */
  "limits: learned": async ({ tidegate }) => {
    const clock = new VirtualClock();
    const reset = new Date(clock.wallNow() + 30_000).toISOString();
    const headers = {
      "anthropic-ratelimit-requests-limit": "2",
      "anthropic-ratelimit-requests-remaining": "0",
      "anthropic-ratelimit-requests-reset": reset,
    };
    const fetch = upstream(clock, () => messagesAnswer({ headers }), () => messagesAnswer());
    const limiter = tidegate.createLimiter({ fetch, clock, seed: 1 });
    const learned = [];
    limiter.on("limit", ({ dimension, amount }) => learned.push([dimension, amount]));
    await (await limiter.fetch(...messagesCall())).text();
    equal(learned, [["requests", 2]], "what was learned");
    const second = limiter.fetch(...messagesCall());
    await clock.advance(29_000);
    equal(fetch.starts.length, 1, "calls while nothing is left");
    await clock.advance(60_000);
    await (await second).text();
    equal(fetch.starts.length, 2, "calls once the server has quota again");
  },
};

/** When each of `count` calls starts that are handed in at once. */
async function startsOf(tidegate, limit, count) {
  const clock = new VirtualClock();
  const limiter = tidegate.createLimiter({ limits: { default: { limits: [limit] } }, clock, seed: 1 });
  const starts = [];
  const calls = Array.from({ length: count }, () => limiter.schedule(() => void starts.push(clock.now())));
  await clock.advance(10_000);
  await Promise.all(calls);
  equal(clock.armed, 0, "timers that are left");
  return starts;
}
