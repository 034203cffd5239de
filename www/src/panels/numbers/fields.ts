import { type Amounts, inRange, RANGES, type SceneOptions, type Tier } from "../../scene/options.js";
import { number } from "../../words.js";
import type { Question } from "./question.js";

/** The number fields of the form. */
export type FieldName = "requests" | "input" | "output" | "rpm" | "itpm" | "otpm";

/** How a field is called, and the least and the most that it takes. */
export interface Field {
  readonly label: string;
  readonly least: number;
  readonly most: number;
}

/** The fields, in the order in which they stand. */
export const FIELDS: Readonly<Record<FieldName, Field>> = {
  requests: { label: "Requests", least: 1, most: 10_000_000 },
  input: { label: "Input tokens each", least: 1, most: 1_000_000 },
  output: { label: "Output tokens each", least: 1, most: 1_000_000 },
  rpm: { label: "The limit of requests", least: 1, most: 10_000_000 },
  itpm: { label: "The limit of input tokens", least: 1, most: 10_000_000_000 },
  otpm: { label: "The limit of output tokens", least: 1, most: 10_000_000_000 },
};

/** The values as they stand in the form: NaN for what is empty or no number. */
export type Values = Readonly<Record<FieldName, number>>;

/** What is wrong with a field. */
export interface Fault {
  readonly field: FieldName;
  /** A sentence that names the field and its range. */
  readonly message: string;
}

/** The faults of all fields, in the order in which they stand. */
export function faultsOf(values: Values): Fault[] {
  return (Object.keys(FIELDS) as FieldName[]).flatMap((field) => {
    const { label, least, most } = FIELDS[field];
    const value = values[field];
    if (Number.isInteger(value) && value >= least && value <= most) return [];
    return [{ field, message: `${label} must be a whole number from ${number(least)} to ${number(most)}.` }];
  });
}

/** The question that right values ask. */
export function questionOf({ requests, input, output, rpm, itpm, otpm }: Values, tier: Tier): Question {
  return { requests, input, output, tier, amounts: { rpm, itpm, otpm } satisfies Amounts };
}

/** A scene of such numbers and of what is assumed of them, and what was changed because a scene has smaller ranges. */
export interface Watchable {
  readonly options: Partial<SceneOptions>;
  /** A sentence for each value that was changed. */
  readonly clamped: readonly string[];
}

/** Makes a scene of a question: all at once, buckets of a minute, nobody else and no faults. */
export function watchable({ requests, input, output, tier, amounts }: Question): Watchable {
  const given = { requests, input, output, ...(tier === "own" ? amounts : {}) };
  const clamped: string[] = [];
  const options: Partial<SceneOptions> = { tier, bucket: RANGES.bucket[1], neighbour: 0, faults: 0 };
  for (const field of Object.keys(given) as FieldName[]) {
    const wanted = given[field] as number;
    const value = inRange(field, wanted);
    options[field] = value;
    if (value !== wanted) clamped.push(`${FIELDS[field].label}: ${number(value)} instead of ${number(wanted)}.`);
  }
  options.burst = inRange("burst", options.requests as number);
  return { options, clamped };
}
