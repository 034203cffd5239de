// The contract in Chromium, without a bundler: node chromium.mjs <project> <browser>
import { readFile } from "node:fs/promises";
import path from "node:path";
import { reportOf, withBrowser } from "./browser.mjs";
import { importMap } from "./project.mjs";
import { startServer } from "./server.mjs";

/** The strictest policy under which a page may compile WebAssembly. */
const POLICY = "script-src 'self' 'wasm-unsafe-eval'";

const [project, executable] = process.argv.slice(2);
const manifest = JSON.parse(await readFile(path.join(project, "node_modules/tidegate/package.json"), "utf8"));
const imports = importMap(manifest, "/node_modules/tidegate");
const importMapTag = `<script type="importmap">${JSON.stringify({ imports })}</script>`;
const kinds = { page: "a page", strict: "a page with a policy", worker: "a worker" };
if ("tidegate/slim" in imports) kinds.slim = "a page, slim";
const server = await startServer(project, {
  folders: { "/": project },
  texts: {
    "/page": html(`${importMapTag}<script type="module" src="/page.mjs"></script>`),
    "/slim": html(`${importMapTag}<script type="module" src="/slim-page.mjs"></script>`),
    // No script may stand in such a page, import maps included, so its program asks for the addresses.
    "/strict": html(`<script type="module" src="/by-address.mjs"></script>`, { "content-security-policy": POLICY }),
    "/worker": html(`<script type="module" src="/start-worker.mjs"></script>`),
    "/imports.json": { type: "application/json", text: JSON.stringify(imports) },
  },
});

try {
  await withBrowser(executable, async (browser) => {
    for (const [kind, name] of Object.entries(kinds)) {
      const { checks } = await reportOf(browser, `${server.pages}/${kind}?base=${encodeURIComponent(server.base)}`);
      console.log(JSON.stringify({ leg: `Chromium ${browser.version()}, ${name}`, checks }));
    }
  });
} finally {
  await server.close();
}

function html(body, headers) {
  return { type: "text/html; charset=utf-8", text: `<!doctype html><title>tidegate</title>${body}`, headers };
}
