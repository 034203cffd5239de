// The built page, served as `cargo xtask demo --web` serves it.
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { serveSite } from "../../../www/serve/server.mjs";

/** The folder that `cargo xtask site` fills. */
export const SITE = fileURLToPath(new URL("../../../site/", import.meta.url));

/** Serves the page at any free port of this machine: `{ origin, close }`. */
export function startSite() {
  return serveSite(SITE);
}

/** The policy that the page itself states, in its `meta` tag. */
export async function policyOfPage() {
  const html = await readFile(new URL("index.html", `file://${SITE}`), "utf8");
  const found = /<meta\s+http-equiv="Content-Security-Policy"\s+content="([^"]+)"/i.exec(html);
  if (found === null) throw new Error("index.html states no Content-Security-Policy");
  return found[1];
}
