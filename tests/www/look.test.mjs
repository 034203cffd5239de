// How the page looks and is used: themes, widths, keys, motion, and what axe-core says of it.
import assert from "node:assert/strict";
import { test } from "node:test";
import { axeViolations } from "./support/axe.mjs";
import { openPage } from "./support/page.mjs";
import { ended, SOON_OVER } from "./support/scene.mjs";

const RUNNING = "#requests=2000&burst=300&rate=600&speed=5";

for (const colorScheme of ["light", "dark"]) {
  for (const width of [390, 1440]) {
    test(`axe finds nothing: ${colorScheme}, ${width} pixels wide`, async (t) => {
      const page = await openPage(t, { hash: RUNNING, colorScheme, width });
      await page.waitForFunction(() => document.querySelector("#now").textContent >= "0:02");
      await page.click("#play");
      for (const tab of ["#tab-numbers", "#tab-code", "#tab-headers"]) {
        await page.click(tab);
        assert.deepEqual(await axeViolations(page), [], tab);
      }
      // And with something to read in the last of them.
      await page.click('#panel-headers button:has-text("429")');
      await page.locator("#panel-headers table").waitFor();
      assert.deepEqual(await axeViolations(page), []);
      const over = await openPage(t, { hash: SOON_OVER, colorScheme, width });
      await ended(over);
      assert.deepEqual(await axeViolations(over), []);
    });
  }
}

for (const width of [320, 390, 820, 1440]) {
  test(`nothing jumps, and nothing is wider than the window: ${width} pixels`, async (t) => {
    const page = await openPage(t, { hash: SOON_OVER, width });
    await ended(page);
    const shifts = await page.evaluate(
      () =>
        new Promise((resolve) => {
          new PerformanceObserver((list) => {
            const sources = (entry) => entry.sources.map(({ node }) => node?.outerHTML?.slice(0, 80) ?? String(node));
            resolve(list.getEntries().map((entry) => ({ value: entry.value, sources: sources(entry) })));
          }).observe({ type: "layout-shift", buffered: true });
          setTimeout(() => resolve([]), 300);
        }),
    );
    const total = shifts.reduce((sum, { value }) => sum + value, 0);
    // Below a tenth is held to be good; this is a hundredth.
    assert.ok(total < 0.01, JSON.stringify(shifts));
    const wider = await page.evaluate(() => {
      const isWider = (element) => element.getBoundingClientRect().right > innerWidth + 0.5;
      if (document.documentElement.scrollWidth <= innerWidth) return [];
      return [...document.querySelectorAll("body *")].filter(isWider).map((element) => element.outerHTML.slice(0, 100));
    });
    assert.deepEqual(wider, []);
  });
}

test("a theme that was chosen holds against the system's, on the canvas, too, and after a reload", async (t) => {
  const page = await openPage(t, { hash: SOON_OVER, colorScheme: "light" });
  const ground = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
  const server = () =>
    page.$eval('[data-lane="tidegate"] canvas', (canvas) => {
      const pixel = new OffscreenCanvas(1, 1).getContext("2d");
      pixel.drawImage(canvas, -Math.round(canvas.width * 0.53), 3 - canvas.height);
      return [...pixel.getImageData(0, 0, 1, 1).data].join();
    });
  await ended(page);
  const [light, lightServer] = [await ground(), await server()];
  await page.selectOption("#theme", "dark");
  await page.waitForTimeout(300);
  const dark = await ground();
  assert.notEqual(dark, light);
  assert.notEqual(await server(), lightServer);

  await page.reload();
  assert.equal(await ground(), dark);
  assert.equal(await page.inputValue("#theme"), "dark");
  await page.selectOption("#theme", "system");
  assert.equal(await ground(), light);
  await page.emulateMedia({ colorScheme: "dark" });
  assert.equal(await ground(), dark);
});

test("everything can be reached by keys, and where one is can be seen", async (t) => {
  const page = await openPage(t, { hash: "#tier=own&requests=10" });
  const reached = new Set();
  for (let presses = 0; presses < 80; presses++) {
    await page.keyboard.press("Tab");
    const at = await page.evaluate(() => {
      const active = document.activeElement;
      if (active === document.body) return null;
      // Of a radio button it is the text beside it that shows.
      const shown = active.type === "radio" ? active.nextElementSibling : active;
      return { id: active.id || active.name || active.className || active.textContent.trim(), outline: getComputedStyle(shown).outlineStyle };
    });
    if (at === null) break;
    assert.notEqual(at.outline, "none", at.id);
    reached.add(at.id);
  }
  const wanted = ["theme", "play", "restart", "speed", "tier", "rpm", "bucket", "requests", "faults", "seed", "another", "link"];
  assert.deepEqual(wanted.filter((id) => !reached.has(id)), []);
});

test("who wants little motion gets a picture now and then, and others get one each frame", async (t) => {
  const pictures = {};
  for (const reducedMotion of ["reduce", "no-preference"]) {
    const page = await openPage(t, { hash: RUNNING, reducedMotion });
    await page.waitForFunction(() => document.querySelector("#now").textContent >= "0:01");
    pictures[reducedMotion] = await page.evaluate(async () => {
      const canvas = document.querySelector('[data-lane="tidegate"] canvas');
      const seen = new Set();
      for (const end = performance.now() + 2_000; performance.now() < end; ) {
        await new Promise(requestAnimationFrame);
        seen.add(canvas.toDataURL());
      }
      return seen.size;
    });
  }
  assert.ok(pictures.reduce >= 2 && pictures.reduce <= 6, JSON.stringify(pictures));
  assert.ok(pictures["no-preference"] > 2 * pictures.reduce, JSON.stringify(pictures));
});
