// Vercel's edge runtime compiles no bytes. What Next hands over is a module of another realm, which `instanceof` does not know.
import { provideCore } from "../glue/core.js";
import * as core from "../wasm/core.js";
import module from "../wasm/core_bg.wasm?module";

core.initSync({ module: Object.setPrototypeOf(module, WebAssembly.Module.prototype) });
provideCore(core);

export * from "../glue/index.js";
