// A long queue of calls that wait for one that runs: what each holds, what letting it in costs, what its turn costs.
import { Sema } from "async-sema";
import Bottleneck from "bottleneck";
import { RateLimiter } from "limiter";
import pLimit from "p-limit";
import PQueue from "p-queue";
import { createLimiter } from "tidegate";
import { memory } from "./support/limiters.mjs";
import { median, quick, report } from "./support/measure.mjs";

const WAITERS = quick ? 100 : 100_000;
/** Drained at milliseconds each, it would take minutes. */
const WAITERS_OF_BOTTLENECK = WAITERS / 10;
const ROUNDS = quick ? 1 : 5;

const task = () => {};

/** The first task holds the queue until `open` is called. */
function gate() {
  let open;
  const closed = new Promise((resolve) => {
    open = resolve;
  });
  return { open, closed };
}

/** Makes a limiter on which everybody waits until `open` is called; `enter` is the turn of one, from start to end. */
const subjects = {
  tidegate: () => {
    const limiter = createLimiter({ limits: { default: { concurrency: 1 } }, queue: { maxDepth: WAITERS } });
    const first = limiter.tryAcquire();
    const release = (permit) => permit.release();
    return { open: () => first.release(), enter: () => limiter.acquire().then(release) };
  },
  "tidegate, a task": () => {
    const limiter = createLimiter({ limits: { default: { concurrency: 1 } }, queue: { maxDepth: WAITERS } });
    const first = limiter.tryAcquire();
    return { open: () => first.release(), enter: () => limiter.schedule(task) };
  },
  "p-queue": () => {
    const queue = new PQueue({ concurrency: 1 });
    const { open, closed } = gate();
    queue.add(() => closed);
    return { open, enter: () => queue.add(task) };
  },
  "p-limit": () => {
    const limit = pLimit(1);
    const { open, closed } = gate();
    limit(() => closed);
    return { open, enter: () => limit(task) };
  },
  "async-sema": () => {
    const sema = new Sema(1);
    sema.tryAcquire();
    const release = () => sema.release();
    return { open: release, enter: () => sema.acquire().then(release) };
  },
  // It has no turns that end, so all wait for the next second: its drain begins when the first is served.
  limiter: () => {
    const limiter = new RateLimiter({ tokensPerInterval: WAITERS, interval: quick ? 100 : 2_000 });
    limiter.tryRemoveTokens(WAITERS);
    return { open: task, enter: () => limiter.removeTokens(1), opensLate: true };
  },
  bottleneck: () => {
    const bottleneck = new Bottleneck({ maxConcurrent: 1 });
    const { open, closed } = gate();
    bottleneck.schedule(() => closed);
    const run = () => Promise.resolve();
    return { open, enter: () => bottleneck.schedule(run), waiters: WAITERS_OF_BOTTLENECK, rounds: 1 };
  },
};

const externalCountsModules = countsModules();
const figures = new Map(Object.keys(subjects).map((name) => [name, { bytes: [], enqueue: [], drain: [] }]));

for (let round = 0; round < ROUNDS; round++) {
  for (const [name, make] of Object.entries(subjects)) {
    const { open, enter, opensLate = false, waiters = WAITERS, rounds = ROUNDS } = make();
    if (round >= rounds) continue;
    const { bytes, enqueue, drain } = figures.get(name);
    const promises = new Array(waiters).fill(undefined);
    const before = held();
    const started = performance.now();
    for (let i = 0; i < waiters; i++) promises[i] = enter();
    enqueue.push(((performance.now() - started) * 1e3) / waiters);
    // Of what can only grow, the first round sees the growth.
    if (round === 0) bytes.push((held() - before) / waiters);
    open();
    if (opensLate) await promises[0];
    const draining = performance.now();
    await promises.at(-1);
    drain.push(((performance.now() - draining) * 1e3) / waiters);
    await Promise.all(promises);
  }
}

for (const [name, { bytes, enqueue, drain }] of figures) {
  report(`${WAITERS} waiters: memory of each`, name, median(bytes), "bytes");
  report(`${WAITERS} waiters: enqueue`, name, median(enqueue), "µs");
  report(`${WAITERS} waiters: drain`, name, median(drain), "µs");
}

/** Bytes that live: on the heap, beside it, and in the module's memory. */
function held() {
  globalThis.gc?.();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external + (externalCountsModules ? 0 : memory.buffer.byteLength);
}

/** Some versions of V8 count a module's memory as external. */
function countsModules() {
  const { external } = process.memoryUsage();
  const { buffer } = new WebAssembly.Memory({ initial: 64 });
  return process.memoryUsage().external - external >= buffer.byteLength;
}
