import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import path from "node:path";
import sirv from "sirv";
import { readHeaders } from "./headers.mjs";

/**
 * Serves a built site on this machine's loopback interface, with the headers that its `_headers` asks for.
 *
 * Files are read anew for each request, and browsers ask each time whether one has changed.
 *
 * @param folder {string} The site.
 * @param port {number} Where to listen; 0 is any port that is free.
 * @returns {Promise<{ origin: string, close: () => Promise<void> }>} its address without a slash at the end, and its end.
 * @throws {Error} if the folder is no site, or the port is taken (its `code` is then `EADDRINUSE`).
 */
export async function serveSite(folder, port = 0) {
  const headersOf = readHeaders(await readFile(path.join(folder, "_headers"), "utf8"));
  const files = sirv(folder, { dev: true, etag: true });
  const server = createServer((request, response) => {
    for (const [name, value] of headersOf(request.url.split("?")[0])) response.setHeader(name, value);
    if (request.method !== "GET" && request.method !== "HEAD") response.writeHead(405, { allow: "GET, HEAD" }).end();
    else files(request, response);
  });
  await new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, "127.0.0.1", resolve);
  });
  const close = () =>
    new Promise((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
  return { origin: `http://127.0.0.1:${server.address().port}`, close };
}
