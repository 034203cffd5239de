/** A whole number with its thousands apart. */
export function whole(value: number): string {
  return WHOLE.format(Math.round(value));
}

/** A large number in few characters, such as 1.9 M. */
export function short(value: number): string {
  if (value < 10_000) return whole(value);
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

/** A wait, such as 0.3 s or 2 min 5 s. Milliseconds. */
export function wait(ms: number): string {
  if (ms < 59_950) return `${TENTH_FIXED.format(ms / 1000)} s`;
  const seconds = Math.round(ms / 1000);
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
  const minutes = Math.round(seconds / 60);
  return `${whole(Math.floor(minutes / 60))} h ${minutes % 60} min`;
}

const WHOLE = new Intl.NumberFormat("en-GB", { maximumFractionDigits: 0 });
const TENTH = new Intl.NumberFormat("en-GB", { maximumFractionDigits: 1 });
const TENTH_FIXED = new Intl.NumberFormat("en-GB", { minimumFractionDigits: 1, maximumFractionDigits: 1 });
