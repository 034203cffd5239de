// What goes wrong in a page without anybody looking.

/**
 * Notes what a page must not do: errors and warnings on its console, thrown errors that nobody caught, violations of its
 * policy, requests that failed, and requests to any other origin; of its workers, too.
 *
 * @param page The page, before it is sent anywhere.
 * @param origin {string} The one origin that it may ask.
 * @returns {Promise<string[]>} the problems, in words; the list grows as they happen.
 */
export async function watch(page, origin) {
  const problems = [];
  page.on("console", (message) => {
    if (!LOUD.includes(message.type())) return;
    const { url, lineNumber } = message.location();
    problems.push(`console ${message.type()}: ${message.text()} (${url}:${lineNumber + 1})`);
  });
  page.on("pageerror", (error) => problems.push(`uncaught: ${error.stack || error}`));
  page.on("request", (request) => {
    const asked = new URL(request.url());
    if (asked.origin !== origin) problems.push(`request to another origin: ${request.method()} ${asked}`);
  });
  page.on("requestfailed", (request) => problems.push(`failed request: ${request.url()}: ${request.failure()?.errorText}`));
  page.on("response", (response) => {
    if (response.status() >= 400) problems.push(`failed request: ${response.url()}: status ${response.status()}`);
  });
  await page.exposeFunction("tellOfViolation", (text) => void problems.push(`policy: ${text}`));
  // Of what its policy forbids, a worker's console says nothing to whoever watches from outside.
  page.on("worker", (worker) => worker.evaluate(tellOnConsole).catch(() => {}));
  await page.addInitScript(() => {
    document.addEventListener("securitypolicyviolation", ({ violatedDirective, blockedURI, sourceFile, lineNumber }) => {
      window.tellOfViolation(`${violatedDirective} forbids ${blockedURI} (${sourceFile}:${lineNumber})`);
    });
  });
  return problems;
}

/** Runs in a worker. */
function tellOnConsole() {
  addEventListener("securitypolicyviolation", ({ violatedDirective, blockedURI }) => {
    console.error(`the policy's ${violatedDirective} forbids ${blockedURI}`);
  });
}

const LOUD = ["error", "warning", "assert"];
