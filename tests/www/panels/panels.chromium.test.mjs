// The three panels in Chromium, by keyboard and mouse, with the page's own Content-Security-Policy.
import assert from "node:assert/strict";
import { test } from "node:test";
import { openPage } from "../support/page.mjs";

const TABS = ["numbers", "headers", "code"];

test("tabs are reached by one key, and chosen by arrows, Home and End", async (t) => {
  const page = await openPage(t);
  await page.focus("#tab-numbers");
  const expectChosen = async (name) => {
    assert.equal(await page.evaluate(() => document.activeElement.id), `tab-${name}`);
    for (const each of TABS) {
      assert.equal(await page.getAttribute(`#tab-${each}`, "aria-selected"), String(each === name));
      assert.equal(await page.locator(`#tab-${each}`).evaluate((tab) => tab.tabIndex), each === name ? 0 : -1);
      assert.equal(await page.isVisible(`#panel-${each}`), each === name);
    }
  };
  await expectChosen("numbers");
  const keys = [["ArrowRight", "headers"], ["ArrowRight", "code"], ["ArrowRight", "numbers"], ["ArrowLeft", "code"], ["Home", "numbers"], ["End", "code"]];
  for (const [key, name] of keys) {
    await page.keyboard.press(key);
    await expectChosen(name);
  }
  // From the tabs, the next stop is in the panel.
  await page.keyboard.press("Tab");
  assert.ok(await page.evaluate(() => document.querySelector("#panel-code").contains(document.activeElement)));
});

test("numbers are computed as one types, and a wrong one has a message in place of a result", async (t) => {
  const page = await openPage(t);
  const headline = page.locator("#numbers-headline");
  const says = (text) => headline.filter({ hasText: text }).waitFor({ timeout: 5_000 });
  await page.selectOption("#numbers-tier", "start");
  await page.fill("#numbers-requests", "10000");
  await page.fill("#numbers-input", "600");
  await page.fill("#numbers-output", "250");
  await says("At least 9 min 4 s. Requests bind: 10,000 at 1,000 a minute.");
  assert.match(await page.innerText("#numbers-tables"), /The next tier, Build: 1 min 30 s, binding: output tokens\./);
  assert.equal(await page.locator("#numbers-tables tbody tr").count(), 6);
  assert.match(await page.innerText("#numbers-source"), /platform\.claude\.com, read on 2026-\d\d-\d\d/);

  for (const wrong of ["", "0", "1000000000000", "1.5", "e"]) {
    await page.fill("#numbers-requests", "");
    await page.locator("#numbers-requests").pressSequentially(wrong);
    await says("Requests must be a whole number from 1 to 10,000,000.");
    assert.equal(await page.getAttribute("#numbers-requests", "aria-invalid"), "true");
    assert.equal(await page.locator("#numbers-tables table").count(), 0, `a result beside "${wrong}"`);
    await page.click("#panel-numbers button[type=submit]");
    assert.equal(await page.evaluate(() => document.activeElement.id), "numbers-requests");
  }
  // No answer to an earlier question comes late.
  await page.waitForTimeout(400);
  assert.equal(await page.locator("#numbers-tables table").count(), 0);

  await page.selectOption("#numbers-tier", "own");
  for (const [name, value] of Object.entries({ requests: 1_000_000, rpm: 50, itpm: 100_000, otpm: 50_000 })) {
    await page.fill(`#numbers-${name}`, String(value));
  }
  await says("At least 13 days 21 h. Requests bind: 1,000,000 at 50 a minute.");
  assert.equal(await page.getAttribute("#numbers-requests", "aria-invalid"), "false");
  assert.equal(await page.locator("#numbers-tables tbody tr").count(), 7);
  await page.click("#panel-numbers button[type=submit]");
  assert.match(await page.innerText("#numbers-watched"), /Requests: 5,000 instead of 1,000,000\./);
  // What the visitor wrote stays.
  assert.equal(await page.inputValue("#numbers-requests"), "1000000");
  await page.click("#numbers-reset");
  assert.equal(await page.inputValue("#numbers-requests"), "5000");
});

test("headers are read where they are pasted, and credentials are not", async (t) => {
  const page = await openPage(t, { clipboard: true });
  const isLoaded = () => page.evaluate(() => performance.getEntriesByType("resource").some(({ name }) => name.endsWith("/headers/reading.js")));
  assert.equal(await isLoaded(), false);
  await page.click("#tab-headers");
  const verdict = page.locator("#headers-verdict");
  const says = (text) => verdict.filter({ hasText: text }).waitFor({ timeout: 5_000 });
  await says("Paste the headers of a response, or choose an example.");
  assert.equal(await isLoaded(), true);

  await page.click("#headers-examples >> text=Claude, 429");
  await says("429: Refused for a limit");
  assert.match(await page.innerText("#headers-read"), /23 s, as the server orders\./);
  assert.match(await page.innerText("#headers-read"), /the response’s own date, Mon, 18 May 2026 11:41:55 GMT/);
  assert.equal(await page.locator("#headers-read tbody tr").count(), 3);
  assert.equal(await page.inputValue("#headers-status"), "429");

  await page.fill("#headers-text", "authorization: Bearer sk-SECRET\nset-cookie: a=SECRET\nretry-after: 7");
  await says("200: Served");
  assert.match(await page.innerText("#headers-read"), /Left out unread, as they hold credentials or cookies: authorization, set-cookie\./);
  assert.ok(!(await page.locator("#headers-result").innerHTML()).includes("SECRET"));
  await page.fill("#headers-status", "529");
  await says("529: Overloaded");
  await page.fill("#headers-status", "9");
  await says("The status must be a whole number from 100 to 999.");
  await page.fill("#headers-text", "no header here");
  await says("No headers were found");

  await page.fill("#headers-status", "200");
  await page.evaluate(() => navigator.clipboard.writeText("x: 🚦\n".repeat(170_000)));
  await page.fill("#headers-text", "");
  await page.focus("#headers-text");
  const started = Date.now();
  await page.keyboard.press("Control+V");
  await says("200: Served");
  assert.match(await page.innerText("#headers-read"), /Only the first 65,536 characters were read\./);
  assert.ok(Date.now() - started < 5_000, `${Date.now() - started} ms`);

  await page.fill("#headers-text", '<img src=x onerror="alert(1)">: 1\nRateLimit: "<b>x</b>";r=1;t=2');
  await says("200: Served");
  assert.equal(await page.locator("#headers-read code").innerText(), "<b>x</b>");
  await page.selectOption("#headers-provider", "github");
});

test("the program and its install line are copied, or selected where copying is not allowed", async (t) => {
  const page = await openPage(t, { clipboard: true });
  await page.click("#tab-code");
  for (const kind of ["anthropic", "openai", "fetch", "ai"]) {
    await page.selectOption("#code-kind", kind);
    const program = await page.locator("#code-program").textContent();
    assert.match(program, /createLimiter/);
    const top = await page.locator("#code-program").evaluate((code) => code.getBoundingClientRect().top);
    await page.click("#code-copy");
    await page.locator("#code-copied").filter({ hasText: "Copied." }).waitFor();
    assert.equal(await page.evaluate(() => navigator.clipboard.readText()), program);
    assert.equal(await page.locator("#code-program").evaluate((code) => code.getBoundingClientRect().top), top);
    await page.click("#code-copy-install");
    await page.waitForFunction(async () => (await navigator.clipboard.readText()).startsWith("npm install tidegate"));
  }
  await page.evaluate(() => (navigator.clipboard.writeText = () => Promise.reject(new DOMException("no", "NotAllowedError"))));
  await page.click("#code-copy");
  await page.locator("#code-copied").filter({ hasText: "Selected" }).waitFor();
  assert.equal(await page.evaluate(() => String(getSelection()).trim()), (await page.locator("#code-program").textContent()).trim());
});

test("nothing is wider than the page, and every field and button is named and large enough", async (t) => {
  for (const width of [320, 390, 1280]) {
    const page = await openPage(t, { width });
    await page.locator("#numbers-headline").filter({ hasText: "At least" }).waitFor();
    for (const name of TABS) {
      await page.click(`#tab-${name}`);
      if (name === "headers") await page.click("#headers-examples >> text=IETF draft");
      if (name === "headers") await page.locator("#headers-read tbody tr").first().waitFor();
      const found = await page.evaluate((panel) => {
        const section = document.querySelector(".panels");
        const right = section.getBoundingClientRect().right;
        const wide = [...section.querySelectorAll(".panels-tabs *, .panels-panel:not([hidden]) :not(pre *)")].filter(
          (element) => element.getBoundingClientRect().right > right + 0.5,
        );
        const controls = [...panel_(panel).querySelectorAll("input, select, textarea, button")];
        function panel_(id) {
          return document.getElementById(`panel-${id}`);
        }
        return {
          wide: wide.map((element) => element.outerHTML.slice(0, 80)),
          unnamed: controls.filter((control) => control.labels?.length === 0 && control.textContent.trim() === "").length,
          small: controls.filter((control) => control.getBoundingClientRect().height < 24).length,
        };
      }, name);
      assert.deepEqual(found, { wide: [], unnamed: 0, small: 0 }, `${name} at ${width} px`);
    }
  }
});
