import { OptionError } from "./errors.js";
import { hintsOver, type ResolvedHints } from "./hints.js";

/** A class like `AsyncLocalStorage` of `node:async_hooks`: the part of it that {@link Limiter.run} needs. */
export type AsyncContextClass = new () => AsyncContext;

/** A value that follows the program through its awaits. */
export interface AsyncContext {
  run<R>(store: unknown, callback: () => R): R;
  getStore(): unknown;
}

/**
 * The hints of {@link Limiter.run}, for everything that is called inside.
 *
 * Each limiter has a storage of its own, so that its hints cannot reach another. It is made by the first `run` or `map`, as in
 * some runtimes every promise costs more from then on: without one nothing is looked for and nothing is asked.
 */
export class HintContext {
  private readonly given: AsyncContextClass | undefined;
  private storage: AsyncContext | undefined;

  constructor(given: AsyncContextClass | undefined) {
    this.given = given;
  }

  /** The hints of the innermost run around the caller. */
  current(): ResolvedHints | undefined {
    return this.storage?.getStore() as ResolvedHints | undefined;
  }

  /** `hints` over those of the run around the caller. */
  over(hints: ResolvedHints): ResolvedHints {
    const around = this.current();
    return around === undefined ? hints : hintsOver(hints, around);
  }

  /** @throws {OptionError} where the runtime has no such thing and no option brought it. */
  run<T>(hints: ResolvedHints, callback: () => T): T {
    const storage = this.made();
    if (storage === undefined) {
      const message = `This runtime shows no AsyncLocalStorage, which run needs. ${FIX}`;
      throw new OptionError("asyncContext", undefined, FIX, message);
    }
    return storage.run(hints, callback);
  }

  /** As {@link run}, but without the hints where there is no such thing. */
  runIfPossible<T>(hints: ResolvedHints, callback: () => T): T {
    const storage = this.made();
    return storage === undefined ? callback() : storage.run(hints, callback);
  }

  /** Calls back as inside the run whose hints these are, or for undefined as outside of every one. */
  within(hints: ResolvedHints | undefined, callback: () => void): void {
    if (this.storage === undefined) callback();
    else this.storage.run(hints, callback);
  }

  private made(): AsyncContext | undefined {
    const Storage = this.storage === undefined ? (this.given ?? ownClass()) : undefined;
    if (Storage !== undefined) this.storage = new Storage();
    return this.storage;
  }
}

export function isAsyncContextClass(value: unknown): value is AsyncContextClass {
  const prototype = typeof value === "function" ? (value.prototype as Partial<AsyncContext> | undefined) : undefined;
  return typeof prototype?.run === "function" && typeof prototype.getStore === "function";
}

/**
 * What the runtime itself has. Asked for when it is needed and not imported: a browser has no such module, and a bundler
 * for one would look for it. Some edge runtimes have a global class; Node from 20.16 and from 22.3 on, but not 21, Deno,
 * Bun and Workers with `nodejs_compat` at compatibility dates from 2024-09-23 on hand out their built-in modules (tried on
 * 2026-11-27 in Node 20 to 26, Deno 2.9, Bun 1.4 and workerd).
 */
function ownClass(): AsyncContextClass | undefined {
  const { AsyncLocalStorage: global, process } = globalThis as Runtime;
  if (isAsyncContextClass(global)) return global;
  const builtIn = process?.getBuiltinModule?.("node:async_hooks")?.AsyncLocalStorage;
  return isAsyncContextClass(builtIn) ? builtIn : undefined;
}

interface Runtime {
  readonly AsyncLocalStorage?: unknown;
  readonly process?: { getBuiltinModule?(name: string): { readonly AsyncLocalStorage?: unknown } | undefined };
}

const FIX =
  "Give createLimiter the class as its option asyncContext, where node:async_hooks can be imported; else use with(hints).";
