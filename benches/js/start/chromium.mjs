// A page for each subject, of one script as bundlers make it, in a profile of its own each time.
import { createServer } from "node:http";
import path from "node:path";
import { withBrowser } from "../../../tests/runtimes/hosts/browser.mjs";
import { bundledPage } from "../../../tests/runtimes/hosts/page-bundle.mjs";

/** Serves the pages, with a browser to open them, and ends both whatever happens. */
export async function withPages(executable, subjects, use) {
  const scripts = {};
  for (const subject of subjects) scripts[subject] = await bundledPage(path.join(import.meta.dirname, `${subject}.mjs`));
  const server = createServer((request, response) => {
    const name = request.url.slice(1);
    const isPage = name.endsWith(".html");
    const text = isPage ? page(name.slice(0, -".html".length)) : scripts[name.slice(0, -".js".length)];
    response.writeHead(text === undefined ? 404 : 200, { "content-type": isPage ? "text/html" : "text/javascript" }).end(text);
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  try {
    const base = `http://127.0.0.1:${server.address().port}`;
    return await withBrowser(executable, (browser) => use({ browser, base }));
  } finally {
    server.close();
    server.closeAllConnections();
  }
}

/** What a page says of itself: how long it took from the import to the decision. */
export async function firstInPage({ browser, base }, subject) {
  const context = await browser.newContext();
  try {
    const page = await context.newPage();
    const said = page.waitForEvent("console");
    await page.goto(`${base}/${subject}.html`);
    const own = Number((await said).text());
    if (Number.isNaN(own)) throw new Error(`${subject}: ${(await said).text()}`);
    return { own };
  } finally {
    await context.close();
  }
}

function page(subject) {
  return `<!doctype html><link rel="icon" href="data:,"><script type="module">
    const started = performance.now();
    const { default: decide } = await import("/${subject}.js");
    await decide();
    console.log(performance.now() - started);
  </script>`;
}
