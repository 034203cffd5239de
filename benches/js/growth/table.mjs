// What was measured, and how it grows, as people read it.

/** How many times a figure becomes when the number of waiters does, as an exponent: 0 for not at all, 1 for as many. */
export function slope([size, value], [largerSize, largerValue]) {
  return Math.log(largerValue / value) / Math.log(largerSize / size);
}

/**
 * The exponent from the smallest to the largest size, and the steepest between two that follow each other; undefined
 * where fewer than two were measured. `points` are `[size, value]`, with `Infinity` for more than could be waited for.
 */
export function growthOf(points) {
  const known = points.filter(([, value]) => Number.isFinite(value) && value > 0);
  if (known.length < 2) return undefined;
  const steps = known.slice(1).map((point, index) => slope(known[index], point));
  return { overall: slope(known[0], known.at(-1)), steepest: Math.max(...steps) };
}

/** A table for each phase. `rows` are `{ phase, unit, subject, size, value }`; undefined for what a subject cannot do. */
export function tablesOf(rows, boundMs) {
  const phases = unique(rows.map(({ phase }) => phase));
  return phases.map((phase) => tableOf(phase, rows.filter((row) => row.phase === phase), boundMs)).join("\n");
}

function tableOf(phase, rows, boundMs) {
  const sizes = unique(rows.map(({ size }) => size)).sort((one, other) => one - other);
  const find = (subject, size) => rows.find((row) => row.subject === subject && row.size === size)?.value;
  const lines = unique(rows.map(({ subject }) => subject)).map((subject) => {
    const cells = sizes.map((size) => cell(subject, find(subject, size), find(OWN, size), boundMs));
    return [subject, ...cells, growth(growthOf(sizes.map((size) => [size, find(subject, size) ?? Infinity])))];
  });
  const header = [`${phase} (${rows[0].unit})`, ...sizes.map((size) => size.toLocaleString("en")), "growth (steepest)"];
  return markdown(header, lines);
}

/** A figure; a peer's with how many times ours it is. */
function cell(subject, value, own, boundMs) {
  if (value === undefined) return "none";
  if (value === Infinity) return `more than ${boundMs / 1_000} s`;
  return subject.startsWith(OWN) || !(own > 0) || own === Infinity ? rounded(value) : `${rounded(value)} (×${rounded(value / own)})`;
}

function growth(found) {
  return found === undefined ? "–" : `${found.overall.toFixed(2)} (${found.steepest.toFixed(2)})`;
}

/** Three digits say enough: machines are noisy. */
function rounded(value) {
  if (value >= 100) return value.toFixed(0);
  return value >= 10 ? value.toFixed(1) : value.toFixed(2);
}

function markdown(header, lines) {
  const all = [header, header.map((_, column) => (column === 0 ? "---" : "--:")), ...lines];
  return `${all.map((cells) => `| ${cells.join(" | ")} |`).join("\n")}\n`;
}

function unique(values) {
  return [...new Set(values)];
}

/** The subject that all this is about. */
const OWN = "tidegate";
