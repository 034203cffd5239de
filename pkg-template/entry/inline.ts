// Every runtime that compiles bytes: the module is inside a script, so there is no file to find and nothing to await.
import { provideCore } from "../glue/core.js";
import * as core from "../wasm/core.js";
import { bytes } from "../wasm/core_inline.js";

core.initSync({ module: bytes() });
provideCore(core);

export * from "../glue/index.js";
