// How time is taken: in rounds of about a millisecond, which mostly nothing interrupts, with the subjects taking turns,
// so that what slows the machine slows them all. Of the rounds, the median is the figure.

/** Show that it works, quickly: the figures mean nothing. */
export const quick = process.argv.includes("--quick");

/** One figure, as `cargo xtask bench` reads it. */
export function report(bench, subject, value, unit) {
  console.log(JSON.stringify({ bench, subject, value, unit }));
}

export function median(values) {
  const sorted = [...values].sort((one, other) => one - other);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/**
 * The median nanoseconds an operation for each subject. A subject is a function that performs as many operations as it
 * is told, or an object of that function `run`, of the `operations` of its rounds, and of what is done `after` each
 * round and not timed.
 */
export async function nanoseconds(subjects, { operations = 10_000, rounds = 200 } = {}) {
  const contestants = Object.entries(subjects).map(([name, subject]) => {
    const { run, after, operations: own = operations } = typeof subject === "function" ? { run: subject } : subject;
    return { name, run, after, operations: quick ? Math.min(own, 20) : own, times: [] };
  });
  const count = quick ? 2 : rounds;
  const warmUp = quick ? 0 : Math.ceil(rounds / 10);
  for (let round = -warmUp; round < count; round++) {
    for (const contestant of contestants) {
      const started = process.hrtime.bigint();
      const ended = contestant.run(contestant.operations);
      if (ended instanceof Promise) await ended;
      const time = Number(process.hrtime.bigint() - started) / contestant.operations;
      contestant.after?.();
      if (round >= 0) contestant.times.push(time);
    }
    // Who was first is last: nobody always follows the same neighbour's garbage.
    contestants.push(contestants.shift());
  }
  return Object.fromEntries(contestants.map(({ name, times }) => [name, median(times)]));
}

/** Measures and reports the subjects of one bench. */
export async function compare(bench, subjects, rounds) {
  const medians = await nanoseconds(subjects, rounds);
  for (const name of Object.keys(subjects)) report(bench, name, medians[name], "ns");
}
