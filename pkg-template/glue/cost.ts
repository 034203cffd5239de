import { OptionError } from "./errors.js";

/** What a call takes from the limits. A number means requests. */
export type Cost = number | CostRecord;

/** What a call takes in each dimension. Finite and not negative. */
export interface CostRecord {
  /** @default 1 */
  readonly requests?: number;
  /** Model tokens in the prompt. @default 0 */
  readonly inputTokens?: number;
  /** Model tokens in the answer. @default 0 */
  readonly outputTokens?: number;
  /** In the unit of your own `custom` limit. @default 0 */
  readonly custom?: number;
}

/** For {@link Permit.settle}: what is not stated was as reserved. */
export const AS_RESERVED = -1;

/** @throws {OptionError} for an unknown key, a negative number or something that is no number. */
export function checkCost(cost: Cost): void {
  if (typeof cost === "number") {
    checkAmount(cost, "cost");
    return;
  }
  if (typeof cost !== "object" || cost === null) {
    throw wrongCost("cost", cost, "pass a number of requests or { requests, inputTokens, outputTokens, custom }");
  }
  for (const key of Object.keys(cost)) {
    if (!DIMENSIONS.includes(key)) {
      throw wrongCost(`cost.${key}`, cost[key as keyof CostRecord], `use only ${DIMENSIONS.join(", ")}`);
    }
    const amount = cost[key as keyof CostRecord];
    if (amount !== undefined) checkAmount(amount, `cost.${key}`);
  }
}

function checkAmount(amount: number, option: string): void {
  if (typeof amount !== "number" || !(amount >= 0 && amount < Infinity)) {
    throw wrongCost(option, amount, "pass a finite number that is not negative");
  }
}

function wrongCost(option: string, value: unknown, fix: string): OptionError {
  return new OptionError(`${option} is ${String(value)}: ${fix}`, { option, value, fix });
}

const DIMENSIONS: readonly string[] = ["requests", "inputTokens", "outputTokens", "custom"];
