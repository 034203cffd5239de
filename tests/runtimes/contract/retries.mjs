import { VirtualClock } from "./clock.mjs";
import { equal, failureOf, ok } from "./expect.mjs";
import { overNetwork } from "./loopback.mjs";
import { messagesAnswer, messagesCall, messagesError, upstream } from "./scripted.mjs";

export const retries = {
  "retries: 429": async ({ tidegate }) => {
    const clock = new VirtualClock();
    const refusal = () => messagesError(429, "rate_limit_error", { "retry-after": "7" });
    const fetch = upstream(clock, refusal, () => messagesAnswer());
    const limiter = tidegate.createLimiter({ fetch, clock, seed: 1 });
    const told = [];
    limiter.on("refused", ({ status, kind, retryAfterMs, attempt }) => told.push({ status, kind, retryAfterMs, attempt }));
    const call = limiter.fetch(...messagesCall());
    await clock.advance(6_999);
    equal(fetch.starts, [0], "calls before the stated wait is over");
    await clock.advance(60_000);
    equal((await call).status, 200, "the status");
    equal(fetch.starts.length, 2, "calls");
    ok(fetch.starts[1] >= 7_000 && fetch.starts[1] <= 20_000, `the second call is not at ${fetch.starts[1]} ms`);
    equal(told, [{ status: 429, kind: "rate_limit", retryAfterMs: 7_000, attempt: 1 }], "what listeners were told");
  },

  "retries: 529": async ({ tidegate }) => {
    const clock = new VirtualClock();
    const fetch = upstream(clock, () => messagesError(529, "overloaded_error"), () => messagesAnswer());
    const retry = { jitter: "none", baseMs: 800 };
    const call = tidegate.createLimiter({ fetch, clock, seed: 1, retry }).fetch(...messagesCall());
    await clock.advance(60_000);
    equal((await call).status, 200, "the status");
    equal(fetch.starts, [0, 800], "calls");
  },

  "retries: not for ever": async ({ tidegate }) => {
    const clock = new VirtualClock();
    const fetch = upstream(clock, () => messagesError(500, "api_error"));
    const retry = { attempts: 3, jitter: "none", baseMs: 100, factor: 3 };
    const call = tidegate.createLimiter({ fetch, clock, seed: 1, retry }).fetch(...messagesCall());
    await clock.advance(60_000);
    const last = await call;
    equal([last.status, (await last.json()).error.type], [500, "api_error"], "the server's own last answer");
    equal(fetch.starts, [0, 100, 400], "calls");
  },

  /** What each runtime's own fetch throws when a connection breaks is known for what it is. */
  "retries: connection lost": overNetwork(async ({ tidegate }, talk) => {
    const limiter = tidegate.createLimiter({ retry: { baseMs: 1, capMs: 1 } });
    const retried = [];
    limiter.on("retry", ({ attempt }) => retried.push(attempt));
    const response = await limiter.fetch(talk.to("reset", "&times=3"), { method: "PUT", body: "again" });
    equal([response.status, await response.text()], [200, "again"], "the answer at last");
    // A browser tries once more by itself where the connection had served before.
    ok(retried.length >= 1 && retried.length <= 3 && retried[0] === 2, `retries: ${retried}`);
    const lost = tidegate.createLimiter().fetch(talk.to("reset", "&times=99"), { method: "POST", body: "once" });
    const error = await failureOf(lost, "a call that may not be sent twice");
    equal(tidegate.isTidegateError(error), false, "whether the runtime's error is replaced by one of tidegate's");
  }),
};
