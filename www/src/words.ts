/** A time as people say it: "250 ms", "2.6 s", "9 min 3 s", "3 h 4 min", "2 days 5 h". */
export function duration(ms: number): string {
  if (ms > LONGEST_YEARS * YEAR) return `more than ${LONGEST_YEARS} years`;
  if (ms < SECOND) return `${Math.round(ms)} ms`;
  if (ms < 10 * SECOND) return `${(Math.floor(ms / 100) / 10).toFixed(1)} s`;
  const rounded = Math.round(ms / SECOND) * SECOND;
  const [large, small] = UNITS.find(([unit]) => rounded >= unit.ms) ?? LAST;
  if (small === undefined) return `${rounded / large.ms} ${large.name}`;
  const parts = Math.round(rounded / small.ms);
  const perLarge = large.ms / small.ms;
  const [whole, rest] = [Math.floor(parts / perLarge), Math.round(parts % perLarge)];
  const first = `${number(whole)} ${whole === 1 ? large.name : large.plural}`;
  return rest === 0 ? first : `${first} ${rest} ${rest === 1 ? small.name : small.plural}`;
}

/** A number with groups of digits: "300,000". */
export function number(value: number): string {
  return NUMBER.format(value);
}

/** A large number in few characters, such as 1.9 M. */
export function short(value: number): string {
  if (value < 10_000) return number(value);
  return value < 1e6 ? `${TENTH.format(value / 1e3)} k` : `${TENTH.format(value / 1e6)} M`;
}

/** An instant of a scene, such as 2:05 or 1:02:05. Milliseconds. */
export function clockTime(ms: number): string {
  const seconds = Math.floor(ms / 1000);
  const minutes = Math.floor(seconds / 60);
  const hours = Math.floor(minutes / 60);
  const two = (part: number): string => String(part).padStart(2, "0");
  return hours > 0 ? `${hours}:${two(minutes % 60)}:${two(seconds % 60)}` : `${minutes}:${two(seconds % 60)}`;
}

/** What a limit counts, in words: "input tokens" for `input_tokens` and `inputTokens`. */
export function dimensionName(dimension: string): string {
  return dimension.replace(/([a-z])([A-Z])/g, "$1 $2").replaceAll("_", " ").toLowerCase();
}

/** The same as the beginning of a sentence or the head of a row. */
export function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const YEAR = 365 * DAY;
const LONGEST_YEARS = 10;

interface Unit {
  readonly ms: number;
  readonly name: string;
  readonly plural: string;
}

const [seconds, minutes, hours, days] = [
  { ms: SECOND, name: "s", plural: "s" },
  { ms: MINUTE, name: "min", plural: "min" },
  { ms: HOUR, name: "h", plural: "h" },
  { ms: DAY, name: "day", plural: "days" },
] as const;

/** The largest unit that a time has, and the one in which the rest is said. */
const LAST: readonly [Unit, Unit?] = [seconds];
const UNITS: readonly (readonly [Unit, Unit?])[] = [[days, hours], [hours, minutes], [minutes, seconds], LAST];

const NUMBER = new Intl.NumberFormat("en-GB", { maximumFractionDigits: 2 });
const TENTH = new Intl.NumberFormat("en-GB", { maximumFractionDigits: 1 });
