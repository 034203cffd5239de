// What a visitor sees: two lanes that differ as promised, and come to their end.
import assert from "node:assert/strict";
import { test } from "node:test";
import { openPage } from "./support/page.mjs";
import { countOf, ended, SOON_OVER, textOf } from "./support/scene.mjs";

test("within five seconds a visitor sees refusals of plain fetch, and none through Tidegate", async (t) => {
  const page = await openPage(t);
  // Of the time a machine takes that also runs other tests, no more than is fair.
  await page.waitForFunction(() => {
    const count = (lane, name) => Number(document.querySelector(`[data-lane="${lane}"] [data-count="${name}"]`).textContent.replace(/\D/g, ""));
    return count("plain", "refused") > 100 && count("tidegate", "in-flight") > 0;
  });
  assert.equal(await countOf(page, "tidegate", "refused"), 0);
  assert.equal(await countOf(page, "tidegate", "wasted"), 0);
});

test("at the end all is answered through Tidegate, and the page says so in words", async (t) => {
  const page = await openPage(t, { hash: SOON_OVER });
  await ended(page);
  assert.deepEqual(
    [await countOf(page, "tidegate", "done"), await countOf(page, "tidegate", "refused"), await countOf(page, "tidegate", "failed")],
    [120, 0, 0],
  );
  assert.ok((await countOf(page, "plain", "refused")) > 0);
  assert.equal((await countOf(page, "plain", "done")) + (await countOf(page, "plain", "failed")), 120);
  assert.match(await textOf(page, "#status"), /^Through Tidegate all 120 were answered in 0:\d\d, none refused\./);
  assert.match(await textOf(page, '[data-lane="tidegate"] [data-count="time"]'), /^0:\d\d, 1\.\d\d × least$/);
  assert.match(await textOf(page, '.waits [data-kind="interactive"] [data-wait="tidegate-half"]'), /^\d+(\.\d)? s$/);
  assert.equal(await textOf(page, "#play"), "Play again");
});

test("it can be paused, played on, and begun again", async (t) => {
  const page = await openPage(t, { hash: "#requests=3000&burst=300&rate=600&speed=5" });
  const now = () => textOf(page, "#now");
  await page.waitForFunction(() => document.querySelector("#now").textContent >= "0:02");
  await page.click("#play");
  assert.equal(await textOf(page, "#play"), "Play");
  // What was under way comes to its end; from then on nothing moves.
  await page.waitForFunction(() => {
    const [was, text] = [window.was, document.querySelector(".scene").innerText];
    window.was = text;
    return was === text;
  }, undefined, { polling: 500 });
  const stood = await now();
  await page.waitForTimeout(700);
  assert.equal(await now(), stood);

  await page.click("#play");
  await page.waitForFunction((before) => document.querySelector("#now").textContent > before, stood);
  await page.click("#restart");
  await page.waitForFunction(() => document.querySelector("#now").textContent < "0:02");
});

test("marks are where the figures say, and charts show what is left", async (t) => {
  const page = await openPage(t, { hash: "#requests=2000&burst=1500&rate=60&speed=5&tier=start&bucket=5" });
  await page.waitForFunction(() => document.querySelector("#now").textContent >= "0:03");
  await page.click("#play");
  // Both stages have something drawn on either side of the gate.
  const drawn = await page.$$eval(".stage canvas", (canvases) =>
    canvases.map((canvas) => {
      const { width, height } = canvas;
      const { data } = canvas.getContext("2d").getImageData(0, 0, width, height);
      const colours = [0, 0];
      for (let at = 0; at < data.length; at += 4) {
        // A mark is more colourful than the ground.
        const [red, green, blue, alpha] = data.subarray(at, at + 4);
        const isMark = alpha > 200 && Math.max(red, green, blue) - Math.min(red, green, blue) > 60;
        if (isMark) colours[((at / 4) % width) < width * 0.52 ? 0 : 1] += 1;
      }
      return colours;
    }),
  );
  assert.ok(drawn.flat().every((pixels) => pixels > 100), JSON.stringify(drawn));
  assert.equal(await page.locator(".plot canvas").count(), 3);
  assert.ok(Number.parseInt(await textOf(page, '[data-dimension="requests"] [data-level="plain"]'), 10) < 50);
});

test("a scene that cannot be played says why", async (t) => {
  const page = await openPage(t, { hash: SOON_OVER });
  // Nothing that the page lets through is refused by the simulator, so the worker is one that says so.
  const body = 'onmessage = ({ data }) => postMessage({ type: "failed", scene: data.scene, message: "limits.default: too small" });';
  await page.route("**/scene/worker.js", (route) => route.fulfill({ contentType: "text/javascript", body }));
  await page.reload();
  await page.waitForFunction(() => document.querySelector("#status").textContent === "limits.default: too small");
});
