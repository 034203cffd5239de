// What the page says of a scene.

/** A scene that is over within a few seconds, in which limits bind. */
export const SOON_OVER = "#tier=own&rpm=300&itpm=200000&otpm=120000&bucket=10&requests=120&burst=90&rate=400&input=200&output=150&interactive=20&neighbour=0&faults=0&seed=1&speed=60";

/** The text of the one element that a selector means. */
export async function textOf(page, selector) {
  return (await page.locator(selector).innerText()).trim();
}

/** One of a lane's figures as a number; of "83 of 2,000" the first. */
export async function countOf(page, lane, name) {
  const text = await textOf(page, `[data-lane="${lane}"] [data-count="${name}"]`);
  return Number(text.split(" of ")[0].replace(/,/g, ""));
}

/** Waits until the scene has ended. */
export async function ended(page) {
  await page.waitForFunction(() => document.querySelector("#play").textContent === "Play again", undefined, { timeout: 50_000 });
  // The last figures are shown with the next of them.
  await page.waitForTimeout(250);
}
