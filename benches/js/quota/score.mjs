// What a run is worth: the arithmetic of the table.

/**
 * How much of the quota became answers: the share of the jobs that were completed, times how near the time was to the
 * least possible, times the share of the requests sent that were served.
 *
 * @param run `completed` of `total` jobs, `timeMs` until the last answer had ended and every debt was paid, `boundMs`,
 * and what the server counted: `served` of the `requests` it was sent.
 */
export function clean({ completed, total, boundMs, timeMs, served, requests }) {
  if (requests === 0 || total === 0) return 0;
  return (completed / total) * (boundMs / Math.max(timeMs, boundMs)) * (served / requests);
}

/** The least value that at least `share` of the values do not exceed; undefined of none. */
export function percentile(values, share) {
  if (values.length === 0) return undefined;
  const sorted = [...values].sort((one, other) => one - other);
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)];
}

/** Jain's index of fairness: 1 if all are equal, 1/n if one of n has everything. */
export function jain(values) {
  const sum = values.reduce((total, value) => total + value, 0);
  const squares = values.reduce((total, value) => total + value * value, 0);
  return squares === 0 ? 0 : (sum * sum) / (values.length * squares);
}

/**
 * How evenly processes got on while all of them had work: Jain's index of how many answers each had until the first
 * of them had all of its own.
 *
 * @param endsOf For each process the instants at which its jobs were completed, and how many it had in all.
 */
export function fairness(endsOf) {
  const finished = endsOf.map(({ ends, total }) => (ends.length < total ? Infinity : Math.max(...ends)));
  const until = Math.min(...finished);
  return jain(endsOf.map(({ ends }) => ends.filter((end) => end <= until).length));
}

/** What happened in a run, as the figures of a row. `run` is what `run.mjs` returns. */
export function figuresOf(run) {
  const { total, boundMs, processes, counts, paidAtMs, stoppedAtMs } = run;
  const results = processes.flatMap(({ results }) => results);
  const ok = results.filter((result) => result.ok);
  const lastEnd = stoppedAtMs ?? Math.max(0, ...results.map((result) => result.end));
  const timeMs = Math.max(lastEnd, paidAtMs);
  // From when it was handed in until the answer began.
  const waits = ok.filter((result) => result.interactive).map((result) => result.first - result.handedIn);
  const sizes = processes.map(({ results, total }) => ({ total, ends: results.filter(({ ok }) => ok).map(({ end }) => end) }));
  const figures = {
    completed: ok.length,
    total,
    timeMs,
    boundMs,
    refused: counts.refused,
    requests: counts.requests,
    served: counts.served,
    failures: countsOf(results.filter((result) => !result.ok).map((result) => result.error)),
  };
  return {
    ...figures,
    clean: clean(figures),
    p50: percentile(waits, 0.5),
    p95: percentile(waits, 0.95),
    p99: percentile(waits, 0.99),
    jain: processes.length > 1 ? fairness(sizes) : undefined,
  };
}

function countsOf(names) {
  const counts = {};
  for (const name of names) counts[name] = (counts[name] ?? 0) + 1;
  return counts;
}

/** Of several runs of the same, the one whose share of clean work is the median. */
export function medianRun(runs) {
  const sorted = [...runs].sort((one, other) => one.clean - other.clean);
  return sorted[(sorted.length - 1) >> 1];
}
