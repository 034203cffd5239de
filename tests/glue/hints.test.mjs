// What a caller says of a call: priority, tenant, and where they are said.
import assert from "node:assert/strict";
import { test } from "node:test";
import { createLimiter } from "tidegate";
import { messagesAnswer, messagesCall, oneAtATime, settled, spied, upstream } from "./support.mjs";

/** Where priority and tenant stand among the arguments of the core's methods. */
const PRIORITY = { acquireNow: 6, submit: 6, submitRequest: 6 };
const TENANT = { submit: 8, submitRequest: 14 };

const answering = () => createLimiter({ fetch: upstream(() => messagesAnswer()) });

async function fetched(limiter, init) {
  const [args] = await spied("submitRequest", async () => void (await (await limiter.fetch(...messagesCall(init))).text()));
  return { priority: args[PRIORITY.submitRequest], tenant: args[TENANT.submitRequest] };
}

test("a priority is a name or a whole number, of which the higher goes first", async () => {
  const limiter = createLimiter();
  const priorities = ["critical", "high", "normal", "low", undefined, -100, 7, 100, -0];
  const asked = await spied("acquireNow", async () => {
    for (const priority of priorities) limiter.tryAcquire(1, { priority }).release();
  });
  assert.deepEqual(asked.map((args) => args[PRIORITY.acquireNow] + 0), [100, 50, 0, -50, 0, -100, 7, 100, 0]);
});

test("calls of different numbers start from the highest to the lowest", async () => {
  const limiter = oneAtATime();
  const permit = await limiter.acquire();
  const order = [];
  const run = (priority) => limiter.schedule(() => order.push(priority), { priority });
  const all = [-100, "low", -1, 0, 1, "high", 51, 100].map(run);
  permit.release();
  await Promise.all(all);
  assert.deepEqual(order, [100, 51, "high", 1, 0, -1, "low", -100]);
});

test("a wrong priority, tenant or callback is named with its value and the fix", async () => {
  const limiter = createLimiter();
  for (const [hint, option] of [
    [{ priority: 101 }, "hints.priority"],
    [{ priority: -101 }, "hints.priority"],
    [{ priority: 0.5 }, "hints.priority"],
    [{ priority: Number.NaN }, "hints.priority"],
    [{ priority: null }, "hints.priority"],
    [{ priority: "5" }, "hints.priority"],
    [{ priority: "toString" }, "hints.priority"],
    [{ tenant: 5 }, "hints.tenant"],
    [{ tenant: null }, "hints.tenant"],
    [{ tenant: "x".repeat(257) }, "hints.tenant"],
    [{ onWait: {} }, "hints.onWait"],
  ]) {
    const expected = { name: "OptionError", code: "invalid-option", option, value: Object.values(hint)[0] };
    assert.throws(() => limiter.with(hint), expected);
    assert.throws(() => limiter.tryAcquire(1, hint), expected);
    await assert.rejects(limiter.acquire(1, hint), expected);
  }
  assert.throws(() => limiter.with({ tenant: "secret".repeat(100) }), (error) => !error.message.includes("secret"));
});

test("a tenant reaches the core from views, calls and headers, and no tenant as none", async () => {
  const limiter = answering();
  const view = limiter.with({ tenant: "acme" });
  assert.equal((await fetched(limiter)).tenant, undefined);
  assert.equal((await fetched(view)).tenant, "acme");
  assert.equal((await fetched(view.with({ tenant: "" }))).tenant, undefined);
  assert.equal((await fetched(view, { headers: { "x-tidegate-tenant": "beta" } })).tenant, "beta");
  const queueing = oneAtATime();
  const permit = await queueing.acquire();
  const submitted = await spied("submit", async () => {
    const waiting = [
      queueing.acquire(),
      queueing.with({ tenant: "acme" }).acquire(),
      queueing.with({ tenant: "acme" }).acquire(1, { tenant: "x".repeat(256) }),
      queueing.schedule(() => {}, { tenant: "Grüße 🌊" }),
    ];
    for (const each of waiting) each.catch(() => {});
    await settled();
    queueing.close();
  });
  permit.release();
  assert.deepEqual(submitted.map((args) => args[TENANT.submit]), [undefined, "acme", "x".repeat(256), "Grüße 🌊"]);
});

test("headers say priority by name or number, and tenant, over the view, and none of them is sent", async () => {
  const fetch = upstream(() => messagesAnswer());
  const view = createLimiter({ fetch }).with({ priority: "low", tenant: "acme" });
  for (const [value, number] of [["critical", 100], ["high", 50], ["-7", -7], ["0", 0], [" 100 ", 100]]) {
    const said = await fetched(view, { headers: { "X-Tidegate-Priority": value, "x-tidegate-tenant": "beta" } });
    assert.deepEqual(said, { priority: number, tenant: "beta" });
  }
  assert.deepEqual(await fetched(view), { priority: -50, tenant: "acme" });
  for (const [, init] of fetch.calls) {
    assert.deepEqual(Object.keys(init.headers).filter((name) => /tidegate/i.test(name)), []);
  }
});

test("a wrong header fails the call, unsent, with an error that names it", async () => {
  const fetch = upstream(() => messagesAnswer());
  const limiter = createLimiter({ fetch });
  for (const [name, value, option] of [
    ["x-tidegate-priority", "101", "x-tidegate.priority"],
    ["x-tidegate-priority", "1.5", "x-tidegate.priority"],
    ["x-tidegate-priority", "", "x-tidegate.priority"],
    ["x-tidegate-priority", "Infinity", "x-tidegate.priority"],
    ["x-tidegate-tenant", "x".repeat(257), "x-tidegate.tenant"],
    ["x-tidegate-tenants", "x", "x-tidegate-tenants"],
  ]) {
    await assert.rejects(limiter.fetch(...messagesCall({ headers: { [name]: value } })), { code: "invalid-option", option });
  }
  assert.equal(fetch.calls.length, 0);
});
