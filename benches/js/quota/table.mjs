// What was measured, as people read it.
import { CALLERS } from "./callers.mjs";
import { WORKLOADS } from "./workloads.mjs";

/** A table for each workload, and one over all of them. `rows` are `{ workload, caller, ...figures }`. */
export function tablesOf(rows) {
  const workloads = Object.keys(WORKLOADS).filter((name) => rows.some((row) => row.workload === name));
  const each = workloads.map((name) => tableOf(name, rows.filter((row) => row.workload === name)));
  return [...each, summaryOf(workloads, rows)].join("\n");
}

function tableOf(name, rows) {
  const waits = rows.some((row) => row.p50 !== undefined);
  const several = rows.some((row) => row.jain !== undefined);
  const header = ["caller", "completed", "makespan ÷ bound", "refusals", "clean", "÷ omniscient"];
  if (waits) header.push("p50", "p95", "p99");
  if (several) header.push("Jain");
  const lines = rows.map((row) => {
    const cells = [
      CALLERS[row.caller].title,
      `${row.completed} of ${row.total}`,
      // Whoever gave up was not done, however early that was.
      row.completed === row.total ? (row.timeMs / row.boundMs).toFixed(2) : "–",
      String(row.refused),
      row.clean.toFixed(3),
      ratio(row, rows),
    ];
    if (waits) cells.push(...[row.p50, row.p95, row.p99].map(milliseconds));
    if (several) cells.push(row.jain?.toFixed(3) ?? "–");
    return cells;
  });
  const title = `**${name}**: ${WORKLOADS[name].about}; ${rows[0].total} calls, ${(rows[0].boundMs / 1_000).toFixed(1)} s at the least`;
  return `${title}\n\n${markdown(header, lines)}`;
}

/** The share of clean work, of every caller in every workload. */
function summaryOf(workloads, rows) {
  const callers = Object.keys(CALLERS).filter((name) => rows.some((row) => row.caller === name));
  const find = (workload, caller) => rows.find((row) => row.workload === workload && row.caller === caller);
  const lines = workloads.map((workload) => [workload, ...callers.map((caller) => find(workload, caller)?.clean.toFixed(2) ?? "–")]);
  const means = callers.map((caller) => {
    const own = rows.filter((row) => row.caller === caller);
    return (own.reduce((sum, row) => sum + row.clean, 0) / own.length).toFixed(2);
  });
  const table = markdown(["clean", ...callers], [...lines, ["**mean**", ...means.map((mean) => `**${mean}**`)]]);
  return `**All workloads**: completed ÷ all × bound ÷ time × served ÷ sent\n\n${table}`;
}

function ratio(row, rows) {
  const best = rows.find(({ caller }) => caller === "omniscient");
  return best === undefined || best.clean === 0 ? "–" : (row.clean / best.clean).toFixed(3);
}

function milliseconds(ms) {
  return ms === undefined ? "–" : `${Math.round(ms)} ms`;
}

function markdown(header, rows) {
  const widths = header.map((name, column) => Math.max(name.length, ...rows.map((row) => row[column].length), 3));
  const pad = (text, column) => (column === 0 ? text.padEnd(widths[column]) : text.padStart(widths[column]));
  const line = (cells) => `| ${cells.map(pad).join(" | ")} |`;
  const rule = `|${widths.map((width, column) => (column === 0 ? `:${"-".repeat(width + 1)}` : `${"-".repeat(width + 1)}:`)).join("|")}|`;
  return `${[line(header), rule, ...rows.map(line)].join("\n")}\n`;
}
