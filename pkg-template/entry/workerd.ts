// Cloudflare's runtime compiles no bytes, but imports a module that it has compiled before.
import { initSync } from "../wasm/core.js";
import module from "../wasm/core_bg.wasm";

initSync({ module });
