// One process: what one subject does with one number of waiters. Tells its parent what it begins and what came out.
// node --expose-gc client.mjs <subject> <waiters> <phase>…, from a process that listens
//
// Time is that for which this process had a processor: what else a machine does is no part of it, nor is waiting for an
// interval, and what collectors of garbage do beside the program is.
import { memory } from "../support/limiters.mjs";
import { median } from "../support/measure.mjs";
import { SUBJECTS } from "./subjects.mjs";

const [name, waiters, ...phases] = process.argv.slice(2);
const size = Number(waiters);
const make = SUBJECTS[name];
const REASON = { name: "enough" };
const ignore = () => {};
const externalCountsModules = countsModules();

/** Short ones are repeated, until compilers have done what they can. The shortest only show that it works. */
const rounds = size < 100 ? 1 : Math.min(Math.max(Math.round(20_000 / size), 1), make(1).opensLate ? 3 : 20);

const PHASES = { memory: measureMemory, enqueue: measureEnqueue, cancel: measureCancel, drain: measureDrain };

// What was compiled and cached for the first waiter is not what each of them costs.
await round(Math.min(size, 100), {});
for (const phase of phases) {
  await begin(phase);
  const value = await PHASES[phase]();
  await new Promise((sent) => process.send({ end: phase, value }, sent));
}
// What still waits is not waited for.
process.exit();

async function measureMemory() {
  let bytes;
  // Some of what was used so far is let go of only in a turn after the one that collects.
  for (let turn = 0; turn < 3; turn++) {
    held();
    await settled();
  }
  await round(size, {
    before: () => (bytes = -held()),
    entered: () => (bytes += held()),
    // One is enough to know the bytes: nobody has to wait for the drain.
    drain: false,
  });
  return bytes / size;
}

async function measureEnqueue() {
  return repeated(async (times) => {
    let from;
    await round(size, { before: () => (from = busy()), entered: () => times.push(busy() - from), drain: false });
  });
}

async function measureDrain() {
  return repeated(async (times) => {
    let from;
    await round(size, { opened: () => (from = busy()), ended: () => times.push(busy() - from) });
  });
}

/** Everybody has a signal of its own, and they abort in no order. */
async function measureCancel() {
  const order = shuffled(size);
  return repeated(async (times) => {
    const controllers = Array.from({ length: size }, () => new AbortController());
    const { enterWith } = make(size);
    const turns = controllers.map(({ signal }) => enterWith(signal));
    for (const turn of turns) turn.catch(ignore);
    await settled();
    // Making a million signals takes its time too, and is not what is asked.
    await begin("cancel");
    const from = busy();
    for (const index of order) controllers[index].abort(REASON);
    await settled();
    times.push(busy() - from);
    const left = await Promise.race([Promise.allSettled(turns), settled()]);
    if (left?.every(({ status }) => status === "rejected") !== true) throw new Error(`${name} has not let go of everybody`);
  });
}

/** Nanoseconds for each of the waiters. */
async function repeated(measure) {
  const times = [];
  for (let round = 0; round < rounds; round++) {
    // Nobody pays for what others left.
    globalThis.gc();
    await measure(times);
  }
  return (median(times) * 1e3) / size;
}

async function round(count, steps, patience = 1) {
  const { before = ignore, entered = ignore, opened = ignore, ended = ignore, drain = true } = steps;
  const { open, enter, opensLate = false } = make(count, patience);
  const turns = new Array(count).fill(undefined);
  before();
  for (let index = 0; index < count; index++) turns[index] = enter();
  // Some enter only in a later turn.
  await settled();
  // It opened before everybody was in: this machine needs longer.
  if (opensLate && (await isOver(turns[0]))) return round(count, steps, patience * 4);
  entered();
  if (!drain) return;
  open();
  if (opensLate) await turns[0];
  opened();
  await turns.at(-1);
  ended();
  await Promise.all(turns);
}

/** Tells the parent, which from then on waits only so long. */
function begin(phase) {
  return new Promise((sent) => process.send({ begin: phase }, sent));
}

function isOver(promise) {
  const not = {};
  return Promise.race([promise, not]).then((value) => value !== not);
}

/** Microseconds that this process has had of any processor. */
function busy() {
  const { user, system } = process.cpuUsage();
  return user + system;
}

function settled() {
  return new Promise(setImmediate);
}

/** The numbers below `count`, always in the same disorder. */
function shuffled(count) {
  const order = Uint32Array.from({ length: count }, (_, index) => index);
  let state = 1;
  for (let last = count - 1; last > 0; last--) {
    // xorshift32, whose state is never 0.
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    const other = (state >>> 0) % (last + 1);
    [order[last], order[other]] = [order[other], order[last]];
  }
  return order;
}

/** Bytes that live: on the heap, beside it, and in the module's memory. */
function held() {
  globalThis.gc();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external + (externalCountsModules ? 0 : memory.buffer.byteLength);
}

/** Some versions of V8 count a module's memory as external. */
function countsModules() {
  const { external } = process.memoryUsage();
  const { buffer } = new WebAssembly.Memory({ initial: 64 });
  return process.memoryUsage().external - external >= buffer.byteLength;
}
