// What axe-core finds against accessibility.
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";

/**
 * Looks for violations of WCAG 2.2, levels A and AA, and of what axe-core calls best practice, in the page as it is now.
 *
 * @returns {Promise<string[]>} a line for each element: the rule, the element as a selector, and what is wrong with it.
 */
export async function axeViolations(page) {
  source ??= await readFile(createRequire(RUNTIMES).resolve("axe-core/axe.min.js"), "utf8");
  const session = await page.context().newCDPSession(page);
  try {
    // In a world of its own it reads the page without being subject to its policy, and the page stays as it is.
    const { frameTree } = await session.send("Page.getFrameTree");
    const { executionContextId: contextId } = await session.send("Page.createIsolatedWorld", { frameId: frameTree.frame.id });
    await evaluate(session, contextId, source);
    return await evaluate(session, contextId, `(${violations})()`);
  } finally {
    await session.detach();
  }
}

async function evaluate(session, contextId, expression) {
  const parameters = { contextId, expression, awaitPromise: true, returnByValue: true };
  const { result, exceptionDetails } = await session.send("Runtime.evaluate", parameters);
  if (exceptionDetails) throw new Error(exceptionDetails.exception?.description ?? exceptionDetails.text);
  return result.value;
}

/** Runs in the page. */
async function violations() {
  // New in WCAG 2.2, and not yet among what axe-core looks at by itself.
  const rules = { "target-size": { enabled: true } };
  const results = await globalThis.axe.run(document, { rules, resultTypes: ["violations"], preload: false });
  return results.violations.flatMap(({ id, nodes }) =>
    nodes.map(({ target, failureSummary }) => `${id}: ${target.join(" ")}: ${failureSummary.replace(/\s+/g, " ")}`),
  );
}

const RUNTIMES = new URL("../../runtimes/package.json", import.meta.url);
let source;
