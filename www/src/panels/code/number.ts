/** A whole number as a program writes it, with groups of digits from five on: `1000`, `300_000`. */
export function literal(value: number): string {
  return value < 10_000 ? String(value) : String(value).replace(/\B(?=(\d{3})+$)/g, "_");
}

/** How long an answer may be, in tokens: a power of two that leaves room for twice the average. */
export function mostTokens(output: number): number {
  return Math.max(2 ** Math.ceil(Math.log2(2 * output)), LEAST);
}

const LEAST = 64;
