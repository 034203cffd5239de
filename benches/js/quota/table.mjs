// What was measured, as people read it.
import { CALLERS } from "./callers.mjs";
import { WORKLOADS } from "./workloads.mjs";

/** A table for each workload, and one over all of them. `rows` are `{ workload, caller, ...figures }`. */
export function tablesOf(rows) {
  const workloads = Object.keys(WORKLOADS).filter((name) => rows.some((row) => row.workload === name));
  const callers = Object.keys(CALLERS).filter((name) => rows.some((row) => row.caller === name));
  const find = (workload) => (caller) => rows.find((row) => row.workload === workload && row.caller === caller);
  const each = workloads.map((workload) => tableOf(workload, callers.map(find(workload)).filter(Boolean)));
  return [...each, summaryOf(workloads, callers, find)].join("\n");
}

function tableOf(name, rows) {
  const waits = rows.some((row) => row.p50 !== undefined);
  const several = rows.some((row) => row.jain !== undefined);
  const header = ["caller", "completed", "makespan ÷ bound", "refusals", "clean", "÷ omniscient"];
  if (waits) header.push("p50", "p95", "p99");
  if (several) header.push("Jain");
  const best = rows.find(({ caller }) => caller === "omniscient");
  const lines = rows.map((row) => {
    const cells = [
      CALLERS[row.caller].title,
      `${row.completed} of ${row.total}`,
      // Whoever gave up was not done, however early that was.
      row.completed === row.total ? (row.timeMs / row.boundMs).toFixed(2) : NONE,
      String(row.refused),
      row.clean.toFixed(3),
      ratio(row, best),
    ];
    if (waits) cells.push(...[row.p50, row.p95, row.p99].map(milliseconds));
    if (several) cells.push(row.jain?.toFixed(3) ?? NONE);
    return cells;
  });
  const [{ total, boundMs }] = rows;
  const title = `**${name}**: ${WORKLOADS[name].about}; ${total} calls, ${(boundMs / 1_000).toFixed(1)} s at the least`;
  return `${title}\n\n${markdown(header, lines)}`;
}

/** The share of clean work, of every caller in every workload, and what ours is of what is possible. */
function summaryOf(workloads, callers, find) {
  const own = callers.includes("omniscient") ? callers.filter((caller) => caller.startsWith("tidegate")) : [];
  const header = ["clean", ...callers, ...own.map((caller) => `${caller} ÷ omniscient`)];
  const lines = workloads.map((workload) => {
    const row = find(workload);
    const shares = callers.map((caller) => row(caller)?.clean.toFixed(2) ?? NONE);
    return [workload, ...shares, ...own.map((caller) => ratio(row(caller), row("omniscient")))];
  });
  const means = callers.map((caller) => {
    const shares = workloads.map((workload) => find(workload)(caller)?.clean).filter((share) => share !== undefined);
    return `**${(shares.reduce((sum, share) => sum + share, 0) / shares.length).toFixed(2)}**`;
  });
  const table = markdown(header, [...lines, ["**mean**", ...means, ...own.map(() => "")]]);
  return `**All workloads**: clean = completed ÷ all × bound ÷ time × served ÷ sent\n\n${table}`;
}

function ratio(row, best) {
  return row === undefined || best === undefined || best.clean === 0 ? NONE : (row.clean / best.clean).toFixed(3);
}

function milliseconds(ms) {
  return ms === undefined ? NONE : `${Math.round(ms)} ms`;
}

function markdown(header, rows) {
  const widths = header.map((name, column) => Math.max(name.length, ...rows.map((row) => row[column].length), 3));
  const pad = (text, column) => (column === 0 ? text.padEnd(widths[column]) : text.padStart(widths[column]));
  const line = (cells) => `| ${cells.map(pad).join(" | ")} |`;
  const rule = `|${widths.map((width, column) => (column === 0 ? `:${"-".repeat(width + 1)}` : `${"-".repeat(width + 1)}:`)).join("|")}|`;
  return `${[line(header), rule, ...rows.map(line)].join("\n")}\n`;
}

const NONE = "–";
