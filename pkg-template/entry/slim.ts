// For whoever brings the module: an asset of a bundler, a file, a download. No bytes come along.
import { provideCore } from "../glue/core.js";
import { checkedSource, type ModuleSource } from "../glue/module-source.js";
import * as core from "../wasm/core.js";

/** Loads `tidegate/core.wasm`; nothing works before. Harmless when repeated. Rejects as `fetch` and WebAssembly do, or with an {@link OptionError}. */
export async function init(source: ModuleSource | PromiseLike<ModuleSource>): Promise<void> {
  await core.default({ module_or_path: checkedSource(await source) as core.InitInput });
  provideCore(core);
}

export * from "../glue/index.js";
