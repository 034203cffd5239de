// Every runtime that compiles bytes: the module is inside a script, so there is no file to find and nothing to await.
import { initSync } from "../wasm/core.js";
import { bytes } from "../wasm/core_inline.js";

initSync({ module: bytes() });
