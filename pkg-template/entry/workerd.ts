// Cloudflare's runtime compiles no bytes, but imports a module that it has compiled before. Its isolates serve many requests.
import { provideCore } from "../glue/core.js";
import { IsolateDriver } from "../glue/isolate-driver.js";
import * as core from "../wasm/core.js";
import module from "../wasm/core_bg.wasm";

core.initSync({ module });
provideCore(core, IsolateDriver);

export * from "../glue/index.js";
