import type { Saved } from "../glue/saved.js";
import { Entry } from "./entry.js";

/** What an object leaves to the one after it. */
export interface Kept {
  readonly core: Saved;
  readonly calls: readonly Entry[];
}

/** Of a call: its id, its ticket or null, whether it is a request, its starts, its lease's end, its verdict or null. */
type KeptCall = readonly [string, number | null, boolean, number, number, number | null];

export function keptText(core: Saved, entries: readonly Entry[]): string {
  const calls = entries.map(
    ({ id, ticket, isRequest, start, leaseUntil, verdict }): KeptCall => [
      id,
      ticket ?? null,
      isRequest,
      start,
      leaseUntil,
      verdict ?? null,
    ],
  );
  return JSON.stringify({ version: VERSION, core, calls });
}

/** Undefined where it was written by another version, or is damaged. */
export function readKept(text: string): Kept | undefined {
  try {
    const { version, core, calls } = JSON.parse(text) as { version: unknown; core: Saved; calls: KeptCall[] };
    if (version !== VERSION || typeof core !== "object" || core === null) return undefined;
    return { core, calls: calls.map(entryOf) };
  } catch {
    return undefined;
  }
}

function entryOf([id, ticket, isRequest, start, leaseUntil, verdict]: KeptCall): Entry {
  const entry = new Entry(id, isRequest, ticket ?? undefined);
  entry.start = start;
  entry.leaseUntil = leaseUntil;
  entry.verdict = verdict ?? undefined;
  return entry;
}

const VERSION = 1;
