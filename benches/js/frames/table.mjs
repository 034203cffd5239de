// What was measured, as people and programs read it.

/** The least value that is not less than such a share of all; `share` from 0 (the least) to 1 (the greatest). */
export function quantile(values, share) {
  const sorted = [...values].sort((one, other) => one - other);
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)];
}

/** Which share of the intervals was so long that a screen with 60 pictures a second showed one of them twice. */
export function lateShare(intervals) {
  return intervals.filter((interval) => interval > (1.5 * 1_000) / 60).length / intervals.length;
}

/** The figures of a row `{ scene, speed, window, frames }`, as `cargo xtask bench` reads them. */
export function figuresOf({ scene, speed, window, frames }) {
  const bench = `${scene}, ${speed}×, ${window.width}×${window.height}`;
  const { intervals, own, opening, marks, share } = frames;
  const spread = (subject, values) =>
    Object.entries(QUANTILES).map(([name, part]) => ({ subject: `${subject}, ${name}`, value: quantile(values, part), unit: "ms" }));
  const figures = [
    { subject: "opening", value: opening, unit: "ms" },
    { subject: "marks, at most", value: marks, unit: "" },
    ...spread("interval", intervals),
    { subject: "late", value: lateShare(intervals) * 100, unit: "%" },
    ...spread("own work", own),
    { subject: "busy", value: share * 100, unit: "%" },
  ];
  return figures.map((figure) => ({ bench, ...figure }));
}

/** A table with such a row a line. */
export function tableOf(rows) {
  const [header] = rows.map(figuresOf);
  const titles = header.map(({ subject, unit }) => (unit === "" ? subject : `${subject} (${unit})`));
  const lines = rows.map((row) => {
    const figures = figuresOf(row);
    return [figures[0].bench, ...figures.map(({ value, unit }) => (unit === "ms" ? value.toFixed(1) : value.toFixed(0)))];
  });
  const all = [["scene, speed, window", ...titles], ["---", ...titles.map(() => "--:")], ...lines];
  return `${all.map((cells) => `| ${cells.join(" | ")} |`).join("\n")}\n`;
}

const QUANTILES = { median: 0.5, "95 %": 0.95, worst: 1 };
