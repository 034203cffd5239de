/** What was found in a pasted text. */
export interface Pasted {
  /** The HTTP status, 100 to 999; undefined where the text does not say it. */
  readonly status: number | undefined;
  readonly headers: readonly Field[];
  /** What stands behind the blank line after the headers; undefined where nothing does. */
  readonly body: string | undefined;
  /** The names of the fields that were left out because they hold credentials or cookies. */
  readonly dropped: readonly string[];
  /** Whether the text was too long, and only its beginning was read. */
  readonly isCut: boolean;
}

/** One header field. */
export type Field = readonly [name: string, value: string];

/** The status in a text that begins with it ("429 Too Many Requests"), if there is one. */
export function statusIn(text: string): number | undefined {
  const [, digits] = /^\s*([1-9]\d\d)\b/.exec(text) ?? [];
  return digits === undefined ? undefined : Number(digits);
}
