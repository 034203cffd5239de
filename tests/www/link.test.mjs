// A link is the scene: whoever opens it sees the same to the last request.
import assert from "node:assert/strict";
import { test } from "node:test";
import { openPage } from "./support/page.mjs";
import { ended, SOON_OVER, textOf } from "./support/scene.mjs";

/** Everything that the page says of a scene that has ended. */
async function figures(page) {
  await ended(page);
  const lanes = await page.locator(".counts").allInnerTexts();
  return [...lanes, await page.locator(".waits").innerText(), await textOf(page, "#status")];
}

test("a copied link restores exactly this scene in another browser", async (t) => {
  const page = await openPage(t, { hash: SOON_OVER, clipboard: true });
  for (const [name, key] of [["interactive", "ArrowRight"], ["output", "ArrowLeft"], ["neighbour", "ArrowRight"]]) {
    await page.locator(`input[name="${name}"]`).focus();
    await page.keyboard.press(key);
  }
  const expected = await figures(page);
  await page.click("#link");
  await page.waitForFunction(() => document.querySelector("#link").textContent === "Copied");
  const link = await page.evaluate(() => navigator.clipboard.readText());
  assert.equal(link, page.url());

  const other = await openPage(t, { hash: new URL(link).hash });
  assert.deepEqual(await figures(other), expected);
  for (const name of ["interactive", "output", "neighbour", "requests"]) {
    const said = (where) => textOf(where, `output[data-value="${name}"]`);
    assert.equal(await said(other), await said(page));
  }
  assert.ok(await other.isChecked('input[name="speed"][value="60"]'));
});

test("without the clipboard the link is in the address, and the page says so", async (t) => {
  const page = await openPage(t, { hash: SOON_OVER });
  await page.click("#link");
  await page.waitForFunction(() => /Copied|address/.test(document.querySelector("#link").textContent));
  assert.match(new URL(page.url()).hash, /requests=120/);
  await page.waitForFunction(() => document.querySelector("#link").textContent === "Copy link to this scene");
});

test("where there is no clipboard, as on a host without TLS, the page says so, too", async (t) => {
  const page = await openPage(t, { hash: SOON_OVER });
  await page.evaluate(() => Object.defineProperty(navigator, "clipboard", { value: undefined }));
  await page.click("#link");
  await page.waitForFunction(() => document.querySelector("#link").textContent === "It is in the address bar");
});

test("skipping to the scene by keys leaves it as it is", async (t) => {
  const page = await openPage(t, { hash: SOON_OVER });
  await ended(page);
  await page.keyboard.press("Tab");
  await page.keyboard.press("Enter");
  await page.waitForFunction(() => document.activeElement.id === "scene" && /requests=120/.test(location.hash));
  assert.equal(await textOf(page, "#play"), "Play again");
  assert.equal(await textOf(page, 'output[data-value="requests"]'), "120");
});

test("another link in the same window is another scene", async (t) => {
  const page = await openPage(t, { hash: SOON_OVER });
  await page.evaluate(() => (location.hash = "#requests=50&speed=2"));
  await page.waitForFunction(() => document.querySelector('output[data-value="requests"]').value === "50");
  assert.ok(await page.isChecked('input[name="speed"][value="2"]'));
});
