// The Worker under test: all its limiters are made at module scope, so every request of the isolate shares them.
import { createLimiter } from "tidegate";

/** Faster than the world's, so that nobody has to wait for what takes twenty seconds. */
const FAST = 5;
const clock = {
  now: () => performance.now() * FAST,
  wallNow: () => Date.now(),
  setTimer: (fire, delayMs) => setTimeout(fire, delayMs / FAST),
  clearTimer: (timer) => clearTimeout(timer),
};

const limiters = {
  /** What the simulator allows. */
  rate: createLimiter({ limits: { default: { rpm: 1800, itpm: 10_000_000, otpm: 10_000_000 } } }),
  few: createLimiter({ limits: { default: { concurrency: 5 } } }),
  one: createLimiter({ limits: { default: { concurrency: 1 } } }),
  hasty: createLimiter({ limits: { default: { concurrency: 1 } }, clock }),
  free: createLimiter(),
  ending: createLimiter({ limits: { default: { concurrency: 1 } } }),
};
// At module scope what needs no waiting works.
limiters.free.tryAcquire().release();

let running = 0;
let mostRunning = 0;

const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

const routes = {
  async fetch({ limiter, upstream, init }) {
    return limiter.fetch(upstream, init);
  },
  /** The body is read here, and not passed on. */
  async read({ limiter, upstream, init }) {
    const response = await limiter.fetch(upstream, init);
    return new Response(`${response.status} ${(await response.text()).length}`);
  },
  async hold({ limiter, query }) {
    const permit = await limiter.acquire();
    running += 1;
    mostRunning = Math.max(mostRunning, running);
    await pause(Number(query.get("ms")));
    running -= 1;
    permit.release();
    return Response.json({});
  },
  /** Takes a permit and ends without giving it back, and leaves somebody in the queue. */
  async vanish({ limiter }) {
    limiter.tryAcquire();
    limiter.acquire().catch(() => {});
    return new Response("gone");
  },
  async twins({ limiter, upstream }) {
    const call = () => limiter.with({ dedupe: true }).fetch(upstream);
    const answers = await Promise.all([call(), call()]);
    return Response.json(await Promise.all(answers.map((answer) => answer.text())));
  },
  async drain({ limiter }) {
    await limiter.drain();
    return new Response("drained");
  },
  async map({ limiter, upstream }) {
    const results = await limiter.map([1, 2, 3, 4], async (item, index, turn) => {
      const answer = await turn.limiter.fetch(`${upstream}?${item}`);
      return (await answer.text()).length;
    });
    return Response.json(results);
  },
  async snapshot({ limiter }) {
    const { inFlight, waiting } = limiter.snapshot();
    return Response.json({ inFlight, waiting, mostRunning });
  },
};

export default {
  async fetch(request, env) {
    const { pathname, searchParams: query } = new URL(request.url);
    const [, route, name] = pathname.split("/");
    const limiter = limiters[name];
    const upstream = `${env[query.get("to") ?? "UPSTREAM"]}${query.get("path") ?? "/"}`;
    const { method, headers } = request;
    const init = method === "GET" ? undefined : { method, headers, body: await request.text() };
    try {
      return await routes[route]({ limiter, upstream, init, query });
    } catch (error) {
      return new Response(`${error.name}: ${error.message}`, { status: 599 });
    }
  },
};
