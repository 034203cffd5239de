// Queues on which everybody waits until they are opened. `enter` is the turn of one, which ends at once: a promise of
// its end. `enterWith` is the same with a signal that takes it out of the queue, where there is such a thing.
import Bottleneck from "bottleneck";
import { RateLimiter } from "limiter";
import PQueue from "p-queue";
import { createLimiter } from "tidegate";

const task = () => {};

export const SUBJECTS = {
  tidegate: (size) => {
    const { limiter, open } = tidegate(size);
    const release = (permit) => permit.release();
    return {
      open,
      enter: () => limiter.acquire().then(release),
      enterWith: (signal) => limiter.acquire(1, { signal }).then(release),
    };
  },
  "tidegate (schedule)": (size) => {
    const { limiter, open } = tidegate(size);
    return { open, enter: () => limiter.schedule(task), enterWith: (signal) => limiter.schedule(task, { signal }) };
  },
  "p-queue": () => {
    const queue = new PQueue({ concurrency: 1 });
    const { open, closed } = gate();
    queue.add(() => closed);
    return { open, enter: () => queue.add(task), enterWith: (signal) => queue.add(task, { signal }) };
  },
  bottleneck: () => {
    const bottleneck = new Bottleneck({ maxConcurrent: 1 });
    const { open, closed } = gate();
    bottleneck.schedule(() => closed);
    const run = () => Promise.resolve();
    return { open, enter: () => bottleneck.schedule(run) };
  },
  // It has no turns that end, so all wait until the next interval, which leaves them the time to enter: its drain begins
  // when the first is served.
  limiter: (size, patience = 1) => {
    const interval = Math.max(Math.min(size, 1_000), size / 250) * patience;
    const limiter = new RateLimiter({ tokensPerInterval: size, interval });
    limiter.tryRemoveTokens(size);
    return { open: task, enter: () => limiter.removeTokens(1), opensLate: true };
  },
};

/** Of which subjects a single waiter can be taken out again. */
export const CANCELLED = ["tidegate", "tidegate (schedule)", "p-queue"];

function tidegate(size) {
  const limiter = createLimiter({ limits: { default: { concurrency: 1 } }, queue: { maxDepth: size } });
  const first = limiter.tryAcquire();
  return { limiter, open: () => first.release() };
}

/** The first task holds the queue until `open` is called. */
function gate() {
  let open;
  const closed = new Promise((resolve) => {
    open = resolve;
  });
  return { open, closed };
}
