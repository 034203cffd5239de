// A Worker that imports the module itself, and hands it over.
import module from "tidegate/core.wasm";
import { createLimiter, init, type Limiter } from "tidegate/slim";

await init(module);
export const limiter: Limiter = createLimiter();
