import { OptionError } from "./errors.js";

/**
 * Where the module `tidegate/core.wasm` is: an address to fetch, what was fetched, its bytes, or the compiled
 * `WebAssembly.Module`, which is `object` here because not every runtime's types know that name.
 */
export type ModuleSource = string | URL | Request | Response | ArrayBuffer | ArrayBufferView | object;

/** @throws {OptionError} for nothing at all, which is what a bundler makes of an import that it does not know. */
export function checkedSource(source: ModuleSource): ModuleSource {
  if (source === undefined || source === null) {
    const fix = "Use the address, the Response, the bytes or the compiled module of tidegate/core.wasm.";
    throw new OptionError("module", source, fix);
  }
  return source;
}
