const TITLES = { tidegate: "with Tidegate", bare: "bare SDK, 2 retries" };

/** What happened, as plain data. */
export function resultOf(options, { lanes, stats, bound, interrupted }) {
  const rows = lanes.map((lane) => {
    const groups = stats.organisations.find((organisation) => organisation.name === lane.name)?.groups ?? [];
    const sum = (field) => groups.reduce((total, group) => total + group.counts[field], 0);
    const paidAtMs = Math.max(0, ...groups.flatMap((group) => group.limits.map((limit) => limit.paidAtMs - stats.nowMs)));
    const complete = lane.done === lane.total;
    return {
      name: lane.name,
      requests: lane.total,
      done: lane.done,
      failed: lane.failed,
      reasons: Object.fromEntries(lane.reasons),
      sent: sum("requests"),
      refused: sum("refused"),
      overloaded: sum("overloaded"),
      otherErrors: sum("errors") + sum("lost"),
      ms: Math.round(lane.elapsedMs),
      boundMs: Math.round(bound.ms),
      ratio: complete ? round(lane.elapsedMs / bound.ms, 3) : null,
      debtMs: Math.round(paidAtMs),
      // All calls are made at the beginning, so this is how long a caller waits.
      p95Ms: Object.fromEntries([...lane.latencies].map(([priority, all]) => [priority, Math.round(quantile(all, 0.95))])),
    };
  });
  const [ours] = lanes;
  const { workload, requests, rpm, itpm, otpm, burstMs, seed, faults, learn } = options;
  return {
    scene: { workload, requests, rpm, itpm, otpm, burstMs, seed, faults, learn },
    bound: { ms: round(bound.ms, 0), binding: bound.binding },
    lanes: rows,
    // Calls that ended without an answer for which the service is to blame.
    lost: interrupted ? 0 : ours.total - ours.done - ours.faults,
    interrupted,
  };
}

/** The result as a table. */
export function tableOf(result) {
  const { lanes, bound, interrupted, lost } = result;
  const lines = [
    ["", ...lanes.map((lane) => TITLES[lane.name])],
    ["requests done", ...lanes.map((lane) => `${lane.done} of ${lane.requests}`)],
    ["failed", ...lanes.map((lane) => failures(lane))],
    ["sent to the server", ...lanes.map((lane) => String(lane.sent))],
    ["refused by it (429)", ...lanes.map((lane) => String(lane.refused))],
    ["overloaded (529)", ...lanes.map((lane) => String(lane.overloaded))],
    ["other faults met", ...lanes.map((lane) => String(lane.otherErrors))],
    ["time taken", ...lanes.map((lane) => seconds(lane.ms))],
    [`lower bound (${BINDING[bound.binding]})`, ...lanes.map((lane) => seconds(lane.boundMs))],
    ["time / bound", ...lanes.map((lane) => (lane.ratio === null ? `- (${percent(lane.done / lane.requests)} done)` : lane.ratio.toFixed(2)))],
  ];
  // Where all calls are equally urgent, these would say nothing new.
  const priorities = ["critical", "high", "normal", "low"].filter((name) => lanes.some((lane) => name in lane.p95Ms));
  for (const name of priorities.length > 1 ? priorities : []) {
    lines.push([`95 % of the ${name} within`, ...lanes.map((lane) => (name in lane.p95Ms ? seconds(lane.p95Ms[name]) : "-"))]);
  }
  if (lanes.some((lane) => lane.debtMs >= 100)) {
    lines.push(["left in debt", ...lanes.map((lane) => (lane.debtMs >= 100 ? `for ${seconds(lane.debtMs)}` : "-"))]);
  }
  const widths = lines[0].map((_, column) => Math.max(...lines.map((line) => line[column].length)));
  const text = lines.map((line) => line.map((cell, column) => (column === 0 ? cell.padEnd(widths[0]) : cell.padStart(widths[column]))).join("   "));
  text.splice(1, 0, "-".repeat(Math.max(...text.map((line) => line.length))));
  if (interrupted) text.unshift("Interrupted. So far:", "");
  if (lost > 0) text.push("", `${lost} calls through Tidegate were lost.`);
  return `\n${text.map((line) => line.trimEnd()).join("\n")}\n`;
}

export function seconds(ms) {
  return `${(ms / 1000).toFixed(1)} s`;
}

function failures(lane) {
  const reasons = Object.entries(lane.reasons).map(([reason, count]) => `${count} ${reason}`);
  return lane.failed === 0 ? "0" : `${lane.failed} (${reasons.join(", ")})`;
}

function quantile(values, share) {
  const sorted = [...values].sort((one, other) => one - other);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))];
}

function percent(share) {
  return `${Math.floor(share * 100)} %`;
}

function round(value, digits) {
  return Number(value.toFixed(digits));
}

const BINDING = {
  requests: "requests",
  inputTokens: "input tokens",
  outputTokens: "output tokens",
  service: "the longest answer",
};
