// Cloudflare's runtime compiles no bytes, but imports a module that it has compiled before.
import { provideCore } from "../glue/core.js";
import * as core from "../wasm/core.js";
import module from "../wasm/core_bg.wasm";

core.initSync({ module });
provideCore(core);

export * from "../glue/index.js";
