// Vercel's edge runtime compiles no bytes, and its isolates serve many requests. What Next hands over is a module of another
// realm, which `instanceof` does not know.
import { provideCore } from "../glue/core.js";
import { IsolateDriver } from "../glue/isolate-driver.js";
import * as core from "../wasm/core.js";
import module from "../wasm/core_bg.wasm?module";

core.initSync({ module: Object.setPrototypeOf(module, WebAssembly.Module.prototype) });
provideCore(core, IsolateDriver);

export * from "../glue/index.js";
