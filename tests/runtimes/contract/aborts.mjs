import { VirtualClock } from "./clock.mjs";
import { equal, failureOf, ok } from "./expect.mjs";
import { overNetwork } from "./loopback.mjs";
import { upstream } from "./scripted.mjs";

export const aborts = {
  "aborts: queued": async ({ tidegate }) => {
    const clock = new VirtualClock();
    const fetch = upstream(clock, () => new Response("ok"));
    const limiter = tidegate.createLimiter({ limits: { default: { concurrency: 1 } }, fetch, clock, seed: 1 });
    const permit = await limiter.acquire();
    const caller = new AbortController();
    const given = failureOf(limiter.fetch("https://api.example.test/", { signal: caller.signal }), "an aborted call");
    const next = limiter.acquire();
    caller.abort();
    equal((await given).name, "AbortError", "its error");
    equal(limiter.snapshot().waiting, 1, "calls that wait: its place is free at once");
    permit.release();
    (await clock.until(next)).release();
    equal(fetch.starts, [], "what was sent");

    const reason = new Error("no longer wanted");
    const early = await failureOf(limiter.acquire(1, { signal: AbortSignal.abort(reason) }), "a call aborted before");
    ok(early === reason, "the signal's own reason is the error");
  },

  "aborts: in flight": overNetwork(async ({ tidegate }, talk) => {
    const limiter = tidegate.createLimiter({ limits: { default: { concurrency: 1 } } });
    const caller = new AbortController();
    const given = failureOf(limiter.fetch(talk.to("hang"), { signal: caller.signal }), "an aborted call");
    await talk.untilArrived();
    equal(limiter.snapshot().inFlight, 1, "calls in flight");
    caller.abort();
    equal((await given).name, "AbortError", "its error");
    await talk.untilLeft();
    equal(limiter.snapshot().inFlight, 0, "calls in flight after it");
    ok(limiter.tryAcquire(), "its permit is free");
    equal(await talk.arrived(), 1, "requests: nothing is tried again");
  }),

  "aborts: in the body": overNetwork(async ({ tidegate }, talk) => {
    const limiter = tidegate.createLimiter({ limits: { default: { concurrency: 1 } } });
    const caller = new AbortController();
    const response = await limiter.fetch(talk.to("steps"), { signal: caller.signal });
    const reader = response.body.getReader();
    await reader.read();
    const rest = failureOf(reader.read(), "reading on after the abort");
    caller.abort();
    equal((await rest).name, "AbortError", "its error");
    await talk.untilLeft();
    equal(limiter.snapshot().inFlight, 0, "calls in flight after it");
  }),

  /** By POST, as models are called: in Next, answers to GET are shared by others, and end when these have read them. */
  "aborts: by the reader": overNetwork(async ({ tidegate }, talk) => {
    const limiter = tidegate.createLimiter({ limits: { default: { concurrency: 1 } } });
    const response = await limiter.fetch(talk.to("steps"), { method: "POST" });
    const reader = response.body.getReader();
    await reader.read();
    await reader.cancel();
    await talk.untilLeft();
    equal(limiter.snapshot().inFlight, 0, "calls in flight after it");
  }),
};
