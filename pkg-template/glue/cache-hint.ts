import { OptionError } from "./errors.js";

/**
 * As much of the standard Cache as is needed: `await caches.open(name)` in browsers, Deno and Workers, `caches.default` in
 * Workers, or your own. What it is given is a GET Request whose URL is a hash, and a whole Response.
 */
export interface CacheLike {
  match(request: Request): Promise<Response | undefined>;
  put(request: Request, response: Response): Promise<unknown>;
}

/** A store of answers, and how it is used. */
export interface CacheOptions {
  readonly store: CacheLike;
  /**
   * How old an answer may be that is taken from the store, in milliseconds from 0; the store is told so by `cache-control`,
   * in whole seconds. Without it the answer's own `cache-control` is kept for the store to obey, and what says `no-store` is
   * not put there. Many stores obey nothing, so give one. @default no limit but the store's
   */
  readonly maxAgeMs?: number | undefined;
  /**
   * Is given the work of putting an answer there, which nobody waits for: `(work) => ctx.waitUntil(work)` in Workers, where
   * it may else be cut off when the response has been sent. @default nobody is told
   */
  readonly waitUntil?: ((work: Promise<void>) => void) | undefined;
}

/** What the hint `cache` takes. */
export type CacheHint = CacheLike | CacheOptions | false;

/** The hint once validated. */
export type ResolvedCache = CacheOptions;

/** @throws {OptionError} naming the field, its value and the fix. */
export function resolveCache(hint: CacheHint, option: string): ResolvedCache | false {
  if (hint === false) return false;
  if (isStore(hint)) return { store: hint };
  if (typeof hint !== "object" || hint === null || !("store" in hint)) throw new OptionError(option, hint, STORE_FIX);
  for (const key of Object.keys(hint)) {
    if (!KEYS.includes(key)) {
      throw new OptionError(`${option}.${key}`, hint[key as keyof CacheOptions], `Use only ${KEYS.join(", ")}.`);
    }
  }
  const { store, maxAgeMs, waitUntil } = hint;
  if (!isStore(store)) throw new OptionError(`${option}.store`, store, STORE_FIX);
  if (maxAgeMs !== undefined && (typeof maxAgeMs !== "number" || !(maxAgeMs >= 0))) {
    throw new OptionError(`${option}.maxAgeMs`, maxAgeMs, "Use a number of milliseconds that is not negative.");
  }
  if (waitUntil !== undefined && typeof waitUntil !== "function") {
    throw new OptionError(`${option}.waitUntil`, waitUntil, "Use a function.");
  }
  return { store, maxAgeMs, waitUntil };
}

function isStore(value: unknown): value is CacheLike {
  const { match, put } = Object(value) as Partial<CacheLike>;
  return typeof match === "function" && typeof put === "function";
}

const KEYS: readonly string[] = ["store", "maxAgeMs", "waitUntil"];
const STORE_FIX = "Use a Cache, as `await caches.open(name)` gives one, { store, maxAgeMs }, or false.";
