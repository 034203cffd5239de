// Every control says what it does, does it, and is in the address.
import assert from "node:assert/strict";
import { test } from "node:test";
import { DEFAULTS, RANGES } from "../../site/src/scene/options.js";
import { readHash } from "../../site/src/scene/link.js";
import { openPage } from "./support/page.mjs";
import { textOf } from "./support/scene.mjs";

const SLIDERS = ["bucket", "requests", "burst", "rate", "input", "output", "interactive", "neighbour", "faults"];
const linked = (page) => readHash(new URL(page.url()).hash);

test("each slider says its value, can be moved by keys, and begins the scene anew with what it says", async (t) => {
  const page = await openPage(t);
  for (const name of SLIDERS) {
    const slider = page.locator(`input[name="${name}"]`);
    const said = () => textOf(page, `output[data-value="${name}"]`);
    const before = await said();
    assert.equal(numberIn(before), DEFAULTS[name], name);
    await slider.focus();
    await page.keyboard.press("ArrowRight");
    const after = await said();
    assert.notEqual(after, before, name);
    assert.equal(await slider.getAttribute("aria-valuetext"), after, name);
    assert.equal(linked(page).options[name], numberIn(after), name);
    assert.ok((await textOf(page, "#now")) < "0:05", `${name}: the scene went on`);
  }
});

test("both ends of each slider are in its range", async (t) => {
  const page = await openPage(t);
  for (const name of SLIDERS) {
    const [least, most] = RANGES[name];
    await page.locator(`input[name="${name}"]`).focus();
    await page.keyboard.press("End");
    assert.ok(linked(page).options[name] <= most && linked(page).options[name] > most / 1.3, name);
    await page.keyboard.press("Home");
    assert.ok(linked(page).options[name] >= least && linked(page).options[name] <= Math.max(least, 20), name);
  }
});

test("a tier shows its limits, and own limits begin with those that held", async (t) => {
  const page = await openPage(t);
  const limits = () => Promise.all(["rpm", "itpm", "otpm"].map((name) => page.inputValue(`input[name="${name}"]`)));
  assert.deepEqual(await limits(), ["1000", "2000000", "400000"]);
  assert.ok(await page.isDisabled('input[name="rpm"]'));
  await page.selectOption("#tier", "build");
  assert.deepEqual(await limits(), ["5000", "5000000", "1000000"]);
  assert.equal(linked(page).options.tier, "build");

  await page.selectOption("#tier", "own");
  assert.deepEqual(await limits(), ["5000", "5000000", "1000000"]);
  await page.fill('input[name="rpm"]', "90");
  await page.keyboard.press("Enter");
  await page.keyboard.press("Tab");
  assert.equal(linked(page).options.rpm, 90);
  await page.waitForFunction(() => /of at least 1\d:/.test(document.querySelector("#bound").textContent));
});

test("a number beyond its range becomes the nearest in it, and none the default", async (t) => {
  const page = await openPage(t, { hash: "#tier=own" });
  const set = async (name, text) => {
    await page.fill(`input[name="${name}"]`, text);
    await page.keyboard.press("Tab");
    return page.inputValue(`input[name="${name}"]`);
  };
  assert.equal(await set("rpm", "99999999"), String(RANGES.rpm[1]));
  assert.equal(await set("itpm", "-3"), String(RANGES.itpm[0]));
  assert.equal(await set("seed", ""), String(DEFAULTS.seed));
});

test("another seed is another scene, and a reset is the first one", async (t) => {
  const page = await openPage(t, { hash: "#seed=999999&requests=500" });
  await page.click("#another");
  assert.equal(await page.inputValue('input[name="seed"]'), "0");
  assert.equal(linked(page).options.seed, 0);
  await page.click('button[type="reset"]');
  assert.deepEqual(linked(page).options, DEFAULTS);
  assert.equal(await page.inputValue('input[name="seed"]'), String(DEFAULTS.seed));
});

test("the speed is how fast time passes, and changing it does not begin anew", async (t) => {
  const page = await openPage(t, { hash: "#requests=400&burst=10&rate=60&speed=1&tier=scale" });
  const seconds = async () => {
    const [minutes, rest] = (await textOf(page, "#now")).split(":").map(Number);
    return 60 * minutes + rest;
  };
  await page.waitForFunction(() => document.querySelector("#now").textContent !== "0:00");
  const atOnce = await seconds();
  assert.ok(atOnce <= 5, `${atOnce} s at 1×`);
  await page.check('input[name="speed"][value="20"]');
  assert.equal(linked(page).speed, 20);
  // Twenty seconds in what would be one of a machine with nothing else to do.
  await page.waitForFunction(() => document.querySelector("#now").textContent >= "0:20", undefined, { timeout: 15_000 });
});

test("a scene from a link may have values between those of the sliders", async (t) => {
  const page = await openPage(t, { hash: "#requests=1234&input=777" });
  assert.equal(await textOf(page, 'output[data-value="requests"]'), "1,234");
  assert.equal(await textOf(page, 'output[data-value="input"]'), "777");
});

function numberIn(text) {
  return Number(text.replace(/,/g, "").match(/\d+/)[0]);
}
