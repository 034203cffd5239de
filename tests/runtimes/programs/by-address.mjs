// In a browser where names lead nowhere: in a worker, and in a page whose policy forbids import maps.
import "./contract/before.mjs";
import { runContract } from "./contract/index.mjs";

const imports = await (await fetch("/imports.json")).json();
const tidegate = await import(imports.tidegate);
const shared = tidegate.createLimiter({ limits: { default: { concurrency: 1 } } });
const parts = {
  manifest: () => import(imports["tidegate/package.json"], { with: { type: "json" } }),
  presets: () => import(imports["tidegate/presets"]),
  simulator: () => import(imports["tidegate/simulator"]),
  tokens: () => import(imports["tidegate/tokens"]),
};
const base = new URLSearchParams(location.search).get("base");
const checks = await runContract({ tidegate, parts, shared, base, asyncContext: false });

// A worker's console is not its page's.
if (globalThis.document === undefined) postMessage({ checks });
else console.log(JSON.stringify({ checks }));
