import { OptionError } from "./errors.js";

/** What a call takes from the limits. A number means requests. Amounts are whole numbers from 0 to 4,294,967,295. */
export type Cost = number | CostRecord;

/** What a call takes in each dimension. In {@link Permit.settle}, what is left out was as reserved. */
export interface CostRecord {
  /** Requests. @default 1 */
  readonly requests?: number;
  /** Model tokens in the prompt. @default 0 */
  readonly inputTokens?: number;
  /** Model tokens in the answer. @default 0 */
  readonly outputTokens?: number;
  /** In the unit of your own `custom` limit. @default 0 */
  readonly custom?: number;
}

/** A cost as numbers, in which {@link NOT_STATED} is what nobody stated. */
export interface StatedCost {
  readonly requests: number;
  readonly inputTokens: number;
  readonly outputTokens: number;
  readonly custom: number;
}

/** Of a dimension, or of a count: to be estimated. */
export const NOT_STATED = -1;

export const NOTHING_STATED: StatedCost = {
  requests: NOT_STATED,
  inputTokens: NOT_STATED,
  outputTokens: NOT_STATED,
  custom: NOT_STATED,
};

/**
 * Lays `cost` over `base`.
 *
 * @throws {OptionError} as {@link checkCost} does.
 */
export function statedCost(cost: Cost, base: StatedCost, option: string): StatedCost {
  checkCost(cost, option);
  const record = typeof cost === "number" ? { requests: cost } : cost;
  return {
    requests: record.requests ?? base.requests,
    inputTokens: record.inputTokens ?? base.inputTokens,
    outputTokens: record.outputTokens ?? base.outputTokens,
    custom: record.custom ?? base.custom,
  };
}

/** Lays what is stated in `cost` over `base`. */
export function costOver(cost: StatedCost, base: StatedCost): StatedCost {
  const or = (stated: number, other: number) => (stated === NOT_STATED ? other : stated);
  return {
    requests: or(cost.requests, base.requests),
    inputTokens: or(cost.inputTokens, base.inputTokens),
    outputTokens: or(cost.outputTokens, base.outputTokens),
    custom: or(cost.custom, base.custom),
  };
}

/** For {@link Permit.settle}: what is not stated was as reserved. */
export const AS_RESERVED = -1;

/** @throws {OptionError} for an unknown key, a negative number or something that is no number. */
export function checkCost(cost: Cost, option = "cost"): void {
  if (typeof cost === "number") {
    checkAmount(cost, option);
    return;
  }
  if (typeof cost !== "object" || cost === null) {
    throw new OptionError(option, cost, `Use a number of requests, or an object with ${DIMENSIONS.join(", ")}.`);
  }
  // Not Object.keys: this runs at every call with a cost, and need not make a list.
  for (const key in cost) {
    if (!DIMENSIONS.includes(key)) {
      throw new OptionError(`${option}.${key}`, cost[key as keyof CostRecord], `Use only ${DIMENSIONS.join(", ")}.`);
    }
    const amount = cost[key as keyof CostRecord];
    if (amount !== undefined) checkAmount(amount, `${option}.${key}`);
  }
}

/** @throws {OptionError} for anything but a whole number that a cost can hold. */
export function checkAmount(amount: number, option: string, given: unknown = amount): void {
  if (!(Number.isInteger(amount) && amount >= 0 && amount <= MAX_AMOUNT)) {
    throw new OptionError(option, given, "Use a whole number from 0 to 4,294,967,295.");
  }
}

const MAX_AMOUNT = 2 ** 32 - 1;
const DIMENSIONS: readonly string[] = ["requests", "inputTokens", "outputTokens", "custom"];
