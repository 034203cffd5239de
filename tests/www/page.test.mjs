// What holds for any version of the page: it loads, under its policy, and asks nobody but its own host.
import assert from "node:assert/strict";
import { test } from "node:test";
import { openPage } from "./support/page.mjs";

for (const colorScheme of ["light", "dark"]) {
  test(`it loads without a complaint and without asking another host: ${colorScheme}`, async (t) => {
    const page = await openPage(t, { colorScheme });
    assert.match(await page.title(), /Tidegate/);
    page.assertClean();
  });
}

test("it is served with its policy", async (t) => {
  const page = await openPage(t);
  const response = await page.request.get(page.url());
  const headers = response.headers();
  assert.match(headers["content-security-policy"], /^default-src 'none'; .*frame-ancestors 'none'$/);
  assert.equal(headers["x-content-type-options"], "nosniff");
  assert.equal(headers["referrer-policy"], "no-referrer");
  assert.equal(headers["cross-origin-opener-policy"], "same-origin");
});

