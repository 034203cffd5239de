import { settled, VirtualClock } from "./clock.mjs";
import { equal, failureOf } from "./expect.mjs";
import { deferred, upstream } from "./scripted.mjs";

export const queues = {
  "queues: order": async ({ tidegate }) => {
    const clock = new VirtualClock();
    const limiter = tidegate.createLimiter({ limits: { default: { concurrency: 1 } }, clock, seed: 1 });
    const first = await limiter.acquire();
    const order = [];
    const wait = (name, hints) => limiter.schedule(() => void order.push(name), hints);
    const calls = [
      wait("low", { priority: "low" }),
      wait("normal"),
      wait("normal too"),
      wait("seventy", { priority: 70 }),
      wait("critical", { priority: "critical" }),
      wait("high", { priority: "high" }),
    ];
    const { waiting, scopes } = limiter.snapshot();
    equal(waiting, calls.length, "calls that wait");
    equal(scopes[0].priorities.map(({ priority }) => priority), [100, 70, 50, 0, -50], "priorities that wait");
    first.release();
    await clock.until(Promise.all(calls));
    equal(order, ["critical", "seventy", "high", "normal", "normal too", "low"], "the order");
  },

  "queues: permits": async ({ tidegate }) => {
    const clock = new VirtualClock();
    const limiter = tidegate.createLimiter({ limits: { default: { concurrency: 3 } }, clock, seed: 1 });
    let inFlight = 0;
    let most = 0;
    const items = Array.from({ length: 20 }, (_, i) => i);
    const job = limiter.map(items, async () => {
      most = Math.max(most, ++inFlight);
      await settled();
      inFlight -= 1;
    });
    await clock.until(job);
    equal(most, 3, "the most in flight");
    equal([limiter.snapshot().waiting, limiter.snapshot().inFlight], [0, 0], "what is left");
  },

  "queues: tenants": async ({ tidegate }) => {
    const clock = new VirtualClock();
    const limiter = tidegate.createLimiter({ limits: { default: { concurrency: 1 } }, clock, seed: 1 });
    const first = await limiter.acquire();
    const order = [];
    const calls = ["a", "a", "a", "b", "b", "b"].map((tenant) => limiter.with({ tenant }).schedule(() => void order.push(tenant)));
    first.release();
    await clock.until(Promise.all(calls));
    for (const pair of [order.slice(0, 2), order.slice(2, 4), order.slice(4)]) {
      equal([...pair].sort(), ["a", "b"], `tenants by turns, of ${order}`);
    }
  },

  "queues: bounds": async ({ tidegate }) => {
    const clock = new VirtualClock();
    const limiter = tidegate.createLimiter({ limits: { default: { concurrency: 1 } }, queue: { maxDepth: 1 }, clock, seed: 1 });
    const permit = await limiter.acquire();
    const late = failureOf(limiter.acquire(1, { deadlineMs: 250 }), "a call with a deadline");
    const full = await failureOf(limiter.acquire(), "a call beyond the depth");
    equal(full.code, "queue-full", "its error");
    await clock.advance(249);
    equal(limiter.snapshot().waiting, 1, "calls that wait before the deadline");
    await clock.advance(1);
    equal((await late).code, "deadline-exceeded", "the error of the late one");
    permit.release();
  },

  /** What callers are told of their waits. */
  "queues: standing": async ({ tidegate }) => {
    const clock = new VirtualClock();
    const limit = { dimension: "requests", amount: 1, periodMs: 1_000 };
    const limiter = tidegate.createLimiter({ limits: { default: { limits: [limit] } }, clock, seed: 1 });
    equal(limiter.estimate().waitMs, 0, "the wait of a first call");
    limiter.tryAcquire().release();
    equal(limiter.estimate().waitMs, 1_000, "the wait of a second");
    const told = [];
    const calls = [1, 2].map(() => limiter.with({ onWait: (standing) => told.push(standing) }).schedule(() => {}));
    await clock.advance(0);
    equal(told, [{ position: 0, waitMs: 1_000 }, { position: 1, waitMs: 2_000 }], "what was told");
    await clock.advance(5_000);
    await Promise.all(calls);
  },

  /** Hints that come as headers are for the limiter, and no server sees them. */
  "queues: hints": async ({ tidegate }) => {
    const clock = new VirtualClock();
    let sent;
    const fetch = upstream(clock, (_url, init) => {
      sent = [...new Headers(init.headers).keys()];
      return new Response("ok");
    });
    const limiter = tidegate.createLimiter({ limits: { default: { concurrency: 1 } }, fetch, clock, seed: 1 });
    const permit = await limiter.acquire();
    const headers = { "x-tidegate-priority": "high", "x-tidegate-tenant": "acme", "x-other": "kept" };
    const call = limiter.fetch("https://api.example.test/", { headers });
    await clock.advance(0);
    equal(limiter.snapshot().scopes[0].priorities, [{ priority: 50, waiting: 1 }], "who waits");
    permit.release();
    await (await clock.until(call)).text();
    equal(sent, ["x-other"], "the headers that were sent");
  },

  "queues: pause, drain": async ({ tidegate }) => {
    const clock = new VirtualClock();
    const limiter = tidegate.createLimiter({ clock, fetch: async () => new Response("ok"), seed: 1 });
    limiter.pause();
    const held = limiter.fetch("https://api.example.test/");
    equal(limiter.snapshot().waiting, 1, "what a pause holds");
    limiter.resume();
    await (await clock.until(held)).text();
    await clock.until(limiter.drain());
    equal((await failureOf(limiter.acquire(), "a call after the drain")).code, "draining", "its error");
    limiter.close();
    equal((await failureOf(limiter.acquire(), "a call after the end")).code, "closed", "its error");
  },

  /** Calls that are the same share one answer, which each of them reads whole; in Workers those inside of one run. */
  "queues: dedupe": async ({ tidegate, asyncContext = true, sharesIsolate = false }) => {
    const clock = new VirtualClock();
    const answer = deferred();
    const fetch = upstream(clock, () => answer.promise, () => new Response("another"));
    const view = tidegate.createLimiter({ fetch, clock, seed: 1 }).with({ dedupe: true });
    const callThrice = () => [1, 2, 3].map(() => view.fetch("https://api.example.test/same"));
    const calls = asyncContext ? view.run({}, callThrice) : callThrice();
    answer.resolve(new Response("shared"));
    const texts = await clock.until(Promise.all(calls.map(async (call) => (await call).text())));
    const others = asyncContext || !sharesIsolate ? "shared" : "another";
    equal(texts, ["shared", others, others], "the answers");
    equal(fetch.starts.length, others === "shared" ? 1 : 3, "requests");
    equal(await (await view.fetch("https://api.example.test/same")).text(), "another", "the answer to a call that came later");
  },
};
