import { type ProviderName, parseRateLimit, type RateLimit } from "../../tidegate.js";
import type { Pasted } from "./pasted.js";

/** What the package reads in a pasted response, and the instant from which it counts. */
export interface Reading {
  readonly result: RateLimit;
  /** In milliseconds since 1970. */
  readonly now: number;
  /** The response's own `date`, if that is where the instant is from. */
  readonly date: string | undefined;
}

/**
 * Reads a response as the limiter would have when it came.
 *
 * @param provider Who answered; undefined to tell it from the headers.
 * @param clock The wall clock, for a response that has no date.
 */
export function readingOf(
  { headers, body }: Pasted,
  status: number,
  provider: ProviderName | undefined,
  clock: () => number = Date.now,
): Reading {
  const date = headers.find(([name]) => name.toLowerCase() === "date")?.[1];
  const dated = date === undefined ? Number.NaN : Date.parse(date);
  const isDated = dated >= 0;
  const now = isDated ? dated : clock();
  return { result: parseRateLimit(headers, { status, provider, body, now }), now, date: isDated ? date : undefined };
}
