// What goes to the object and into its storage, and what becomes of it there.
import assert from "node:assert/strict";
import test from "node:test";
import { deferred, messagesAnswer, messagesCall, upstream } from "../../glue/support.mjs";
import { Kept, MESSAGE_URL, snapshotOf, splitOptions, Store, VirtualClock, watched, world } from "./virtual.mjs";

test("as many may wait as an object has room for", () => {
  assert.equal(splitOptions({}).core.queue.maxDepth, 10_000);
  assert.deepEqual(splitOptions({ queue: { maxDepth: 3, maxWaitMs: 4 } }).core.queue, { maxDepth: 3, maxWaitMs: 4 });
});

test("nothing that could be a secret leaves the Worker, and no prompt is stored", async () => {
  const { clock, objects, limiter } = world();
  const fetch = upstream(() => Promise.resolve(messagesAnswer({ headers: { "set-cookie": "session=COOKIE" } })));
  const said = [];
  objects.listen = (text) => said.push(text);
  const url = "https://user:PASSWORD@api.example.test/v1/messages?key=QUERY&alt=sse#FRAGMENT";
  const [, init] = messagesCall({ headers: { "x-api-key": "APIKEY", authorization: "Bearer TOKEN" } });
  const call = watched(limiter({ fetch }).fetch(url, init));
  await clock.advance(0);
  assert.equal(call.value.status, 200);
  await call.value.text();
  await clock.advance(0);

  assert.match(said.join("\n"), /"url":"https:\/\/api\.example\.test\/v1\/messages\?key=&alt=sse"/);
  assert.doesNotMatch(said.join("\n"), /PASSWORD|QUERY|FRAGMENT|APIKEY|TOKEN|COOKIE/);
  const stored = JSON.stringify([...objects.storage().values]);
  assert.match(stored, /claude-test-1/, "what is learned of the model is stored");
  assert.doesNotMatch(stored, /"hi"|\bhi\b|\/v1|PASSWORD|QUERY|APIKEY|TOKEN|COOKIE/);
  assert.equal(fetch.calls[0][0], url, "the request itself is untouched");
});

test("a body that is too large to be shown counts as one that cannot be read", async () => {
  const { clock, objects, limiter } = world();
  const said = [];
  objects.listen = (text) => said.push(text.length);
  const fetch = upstream(() => Promise.resolve(messagesAnswer()));
  const call = watched(limiter({ fetch }).fetch("https://api.example.test/v1/messages", { method: "POST", body: "x".repeat(17 * 1024 * 1024) }));
  await clock.advance(0);
  assert.equal(call.value.status, 200);
  assert.ok(Math.max(...said) < 2_000);
});

test("a state of any size is stored in pieces, all of them or none", async () => {
  const clock = new VirtualClock();
  const storage = new Kept(clock, () => undefined);
  let text = "";
  const store = new Store(storage.of(() => false), () => ({ text, wakeAt: undefined }));
  for (const length of [0, 1, 59_999, 60_000, 60_001, 500_000, 9_000_000, 130_000, 3]) {
    text = "\u00e4b\n".repeat(length).slice(0, length);
    await store.commit();
    assert.equal(await new Store(storage.of(() => false), () => undefined).load(), text);
    assert.equal(storage.values.size, Math.max(Math.ceil(length / 60_000), 1), "nothing is left of a longer one");
  }
  storage.values.clear();
  assert.equal(await store.load(), undefined);
});

test("what happens while a save is written is in the next one, and there is one for all of it", async () => {
  const storage = new Kept(new VirtualClock(), () => undefined);
  let saved = 0;
  const store = new Store(storage.of(() => false), () => ({ text: String((saved += 1)), wakeAt: undefined }));
  const first = store.commit();
  await undefined;
  const others = Array.from({ length: 50 }, () => store.commit());
  await Promise.all([first, ...others]);
  assert.equal(storage.writes, 2);
});

test("nobody is told of a start that is not stored", async () => {
  const { clock, objects, limiter } = world({ limits: { default: { rpm: 60 } } });
  const { promise, resolve } = deferred();
  objects.storage().written = promise;
  const permit = watched(limiter().acquire());
  await clock.advance(1_000);
  assert.equal(permit.isOver, false);
  resolve();
  await clock.advance(0);
  assert.ok(permit.value);
});

test("whatever is said to an object, it answers with an error that names the field", async () => {
  const { objects } = world();
  const say = async (body) => (await objects.get({ name: "default" }).fetch(MESSAGE_URL, { method: "POST", body })).json();
  const wait = { id: "1", ageMs: 0, priority: 0, deadlineMs: null, tenant: "" };
  const cost = { requests: 1, inputTokens: 0, outputTokens: 0, custom: 0 };
  const permit = { type: "permit", ...wait, model: null, cost };
  const wrongs = [
    ["", "message"],
    ["{", "message"],
    ["null", "message"],
    ['"x"', "message"],
    [{ type: "nonsense" }, "message.type"],
    [{ ...permit, id: "x".repeat(65) }, "message.id"],
    [{ ...permit, id: 7 }, "message.id"],
    [{ ...permit, priority: 1e9 }, "message.priority"],
    [{ ...permit, ageMs: -1 }, "message.ageMs"],
    [{ ...permit, ageMs: "1" }, "message.ageMs"],
    [{ ...permit, tenant: "x".repeat(257) }, "message.tenant"],
    [{ ...permit, cost: null }, "message"],
    [{ ...permit, cost: { ...cost, custom: -1 } }, "message.cost"],
    [{ ...permit, cost: { ...cost, requests: 0.5 } }, "message.cost"],
    [{ type: "answered", id: "1", start: 1, status: 1e6, headers: "" }, "message.status"],
    [{ ...permit, type: "request", counted: null, method: "GET", url: "x".repeat(20_000) }, "message.url"],
  ];
  for (const [message, option] of wrongs) {
    const answer = await say(typeof message === "string" ? message : JSON.stringify(message));
    assert.equal(answer.error?.code, "invalid-option", JSON.stringify(message).slice(0, 80));
    assert.equal(answer.error.fields.option, option);
  }
  const unknown = await say(JSON.stringify({ type: "renew", id: "nobody", usage: null }));
  assert.equal(unknown.state, "unknown");
});

test("a call waits in one place: where it is asked for anew", async () => {
  const { clock, objects, limiter } = world({ limits: { default: { concurrency: 1 } } });
  const held = watched(limiter().acquire());
  await clock.advance(0);
  const cost = { requests: 1, inputTokens: 0, outputTokens: 0, custom: 0 };
  const permit = { type: "permit", id: "1", ageMs: 0, priority: 0, deadlineMs: null, tenant: "", model: null, cost };
  const say = async (message) => (await objects.get({ name: "default" }).fetch(MESSAGE_URL, { method: "POST", body: JSON.stringify(message) })).json();
  const before = watched(say(permit));
  await clock.advance(0);
  const after = watched(say(permit));
  await clock.advance(0);
  assert.deepEqual([before.value?.state, after.isOver], ["waiting", false]);
  assert.equal((await snapshotOf({ clock, limiter })).waiting, 1);
  await held.value.release();
  await clock.advance(0);
  assert.equal(after.value.state, "started");
});

test("what another version stored counts as nothing", async () => {
  for (const [version, left] of [[1, 59], [2, 60]]) {
    const { clock, objects, limiter } = world({ limits: { default: { rpm: 60 } } });
    watched(limiter().schedule(() => undefined));
    await clock.advance(0);
    const { values } = objects.storage();
    values.set("tidegate/0", values.get("tidegate/0").replace('{"version":1,', `{"version":${version},`));
    objects.evict();
    assert.equal((await snapshotOf({ clock, limiter })).scopes[0].limits[0].available, left);
  }
});

test("whatever is stored, an object starts", async () => {
  for (const damage of ["", "1\n{", "3\n{}", "x", '1\n{"version":1,"core":{"version":1},"calls":[[]]}', '1\n{"version":1,"core":5,"calls":7}']) {
    const { clock, objects, limiter } = world({ limits: { default: { concurrency: 1 } } });
    objects.storage().values.set("tidegate/0", damage);
    const permit = watched(limiter().acquire());
    await clock.advance(0);
    assert.ok(permit.value, JSON.stringify(damage));
    await permit.value.release();
  }
});
