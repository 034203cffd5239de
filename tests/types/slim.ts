// What a user writes who brings the module: an asset, a file, a download, or a module that is compiled already.
import { createLimiter, init, type Limiter, type ModuleSource } from "tidegate/slim";

declare const bytes: Uint8Array<ArrayBuffer>;

const source: ModuleSource = new URL("https://example.com/core.wasm");
await init(source);
await init(bytes);
await init(bytes.buffer);
await init(fetch("https://example.com/core.wasm"));
await init("https://example.com/core.wasm");
export const limiter: Limiter = createLimiter();

// @ts-expect-error a number is no module
await init(7);
// @ts-expect-error nor is nothing
await init();
