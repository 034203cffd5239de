import assert from "node:assert/strict";
import { test } from "node:test";
import { createLimiter, OptionError } from "tidegate";
import { CoreLimiter, deferred, MESSAGES, messagesAnswer, messagesCall, upstream, VirtualClock } from "./support.mjs";

const { CoreUsage } = await import(new URL("../wasm/core.js", import.meta.resolve("tidegate")).href);

const MINUTE = 60_000;
const WALL = Date.UTC(2026, 0, 1);

/** The clock of another process, which begins at its own zero `ms` after `clock` began at its. */
function restarted(clock, ms) {
  const next = new VirtualClock();
  const began = clock.time + ms;
  next.wallNow = () => WALL + began + next.time;
  return next;
}

const viaJson = (value) => JSON.parse(JSON.stringify(value));
const available = (limiter) => limiter.snapshot().scopes[0].limits.map((limit) => limit.available);

function limiterWith(limits, clock, options = {}) {
  return createLimiter({ limits: { default: limits }, clock, seed: 1, ...options });
}

test("a process that starts anew keeps its place in its quota", () => {
  const clock = new VirtualClock();
  clock.time = 5;
  const limiter = limiterWith({ rpm: 60 }, clock);
  for (let count = 0; count < 60; count += 1) limiter.tryAcquire().release();
  assert.equal(limiter.tryAcquire(), undefined);
  const later = restarted(clock, 10_001);
  const next = limiterWith({ rpm: 60 }, later, { saved: viaJson(limiter.save()) });
  assert.deepEqual(available(next), [10]);
  assert.deepEqual(available(limiterWith({ rpm: 60 }, later)), [60]);
});

test("a window of the last process still counts in the next, and no longer than it would have", () => {
  const limits = { limits: [{ dimension: "requests", amount: 5, periodMs: MINUTE, enforcement: "sliding-window" }] };
  const clock = new VirtualClock();
  const limiter = limiterWith(limits, clock);
  for (let count = 0; count < 5; count += 1) {
    limiter.tryAcquire().release();
    clock.time += 1_000;
  }
  const later = restarted(clock, 10_000);
  const next = limiterWith(limits, later, { saved: viaJson(limiter.save()) });
  assert.equal(next.tryAcquire(), undefined);
  // The first was taken at 0, and it is 15 seconds later; a millisecond is left to the two clocks.
  later.time = 45_000;
  assert.equal(next.tryAcquire(), undefined);
  later.time = 45_001;
  assert.ok(next.tryAcquire());
  assert.equal(next.tryAcquire(), undefined);
});

test("calls that died with their process hold no permit, and cost what they reserved", () => {
  const clock = new VirtualClock();
  const limiter = limiterWith({ concurrency: 2, itpm: 1_000 }, clock);
  limiter.tryAcquire({ inputTokens: 400 });
  limiter.tryAcquire({ inputTokens: 100 });
  assert.deepEqual(available(limiter), [500, 0]);
  const next = limiterWith({ concurrency: 2, itpm: 1_000 }, restarted(clock, 0), { saved: limiter.save() });
  assert.deepEqual(available(next), [500, 2]);
  assert.equal(next.snapshot().inFlight, 0);
});

test("the new options count: what was used of another amount stays used, and no more than all of it", () => {
  const clock = new VirtualClock();
  const limiter = limiterWith({ rpm: 600, rph: 1_000 }, clock);
  for (let count = 0; count < 100; count += 1) limiter.tryAcquire().release();
  const saved = limiter.save();
  const under = (limits) => available(limiterWith(limits, restarted(clock, 0), { saved }));
  assert.deepEqual(under({ rpm: 600, rph: 1_000 }), [500, 900]);
  assert.deepEqual(under({ rpm: 900 }), [800]);
  assert.deepEqual(under({ rpm: 60, rpd: 5_000 }), [0, 5_000]);
});

test("what the server stated is known after a restart, and what it shut stays shut", async () => {
  const clock = new VirtualClock();
  const stated = {
    "anthropic-ratelimit-requests-limit": "50",
    "anthropic-ratelimit-requests-remaining": "20",
    "anthropic-ratelimit-requests-reset": "2026-01-01T00:00:36Z",
  };
  const refused = () => new Response("{}", { status: 429, headers: { ...stated, "retry-after": "20" } });
  const fetch = upstream(() => messagesAnswer({ headers: stated }), refused);
  const limiter = createLimiter({ fetch, clock, seed: 1, retry: false });
  await (await limiter.fetch(...messagesCall())).text();
  const answer = limiter.fetch(...messagesCall());
  await clock.advance(2_000);
  assert.equal((await answer).status, 429);
  const later = restarted(clock, 5_001);
  const next = createLimiter({ fetch: upstream(() => messagesAnswer()), clock: later, seed: 1, saved: viaJson(limiter.save()) });
  const scope = (from) => from.snapshot().scopes.find(({ name }) => name.startsWith("claude-test-1"));
  const [before, after] = [scope(limiter), scope(next)];
  assert.deepEqual(after.limits.map(({ amount, source }) => [amount, source]), [[50, "learned"]]);
  assert.ok(Math.abs(before.shutForMs - 5_000 - after.shutForMs) < 1, `${before.shutForMs} and ${after.shutForMs}`);
});

test("what was learned of models goes with it, and an option of its own goes before it", async () => {
  const clock = new VirtualClock();
  const limiter = createLimiter({ fetch: upstream(() => messagesAnswer()), clock, seed: 1 });
  await (await limiter.fetch(...messagesCall())).text();
  const saved = viaJson(limiter.save());
  const models = (options) => createLimiter(options).snapshot().learned.models.map(({ model }) => model);
  assert.deepEqual(models({ saved }), ["claude-test-1"]);
  const [model] = saved.learned.models;
  const learned = { ...saved.learned, models: [{ ...model, model: "another" }] };
  assert.deepEqual(models({ saved, learned }), ["another"]);
});

test("it holds nothing of what was asked, and of an address the origin alone", async () => {
  const { promise, resolve } = deferred();
  const clock = new VirtualClock();
  const limiter = createLimiter({ fetch: upstream(() => promise), clock, seed: 1 });
  const [, init] = messagesCall({ headers: { "x-api-key": "sk-secret", authorization: "Bearer sk-secret" } });
  const body = init.body.replace("hi", "the tide gate");
  const pending = limiter.fetch(`${MESSAGES.replace("://", "://user:pass@")}?token=sk-secret`, { ...init, body });
  const text = JSON.stringify(limiter.save());
  assert.match(text, /claude-test-1 at api\.example\.test"/);
  assert.doesNotMatch(text, /secret|tide|gate|pass|messages|token=/);
  assert.ok(text.length < 4_000, `${text.length} characters for one scope and one call`);
  resolve(messagesAnswer());
  await (await pending).text();
});

test("a wall clock that went back replenishes nothing, and one that is years ahead no more than everything", () => {
  const clock = new VirtualClock();
  const limiter = limiterWith({ rpm: 60 }, clock);
  for (let count = 0; count < 40; count += 1) limiter.tryAcquire().release();
  const saved = limiter.save();
  assert.deepEqual(available(limiterWith({ rpm: 60 }, restarted(clock, -MINUTE), { saved })), [20]);
  assert.deepEqual(available(limiterWith({ rpm: 60 }, restarted(clock, 9e13), { saved })), [60]);
});

test("of another version nothing is taken", () => {
  const clock = new VirtualClock();
  const limiter = limiterWith({ rpm: 60 }, clock);
  limiter.tryAcquire().release();
  const saved = { ...limiter.save(), version: 3, scopes: "in another form" };
  assert.deepEqual(available(limiterWith({ rpm: 60 }, clock, { saved })), [60]);
  assert.deepEqual(available(limiterWith({ rpm: 60 }, clock, { saved: null })), [60]);
});

test("what nobody saved is a wrong option", () => {
  const limiter = limiterWith({ rpm: 60 }, new VirtualClock());
  limiter.tryAcquire();
  const saved = limiter.save();
  const [scope] = saved.scopes;
  const [call] = saved.inFlight;
  const AS_IT_WAS = "Give what save() said, as it was.";
  for (const [wrong, option, fix] of [
    [7, "saved", "Use what save() said."],
    [{}, "saved", "Use what save() said."],
    [{ ...saved, savedAtMs: "today" }, "saved.savedAtMs", "Use a whole number from 0 to 253,402,300,799,999."],
    [{ ...saved, scopes: {} }, "saved.scopes", "Use a list."],
    [{ ...saved, scopes: [7] }, "saved.scopes[0]", "Use a list."],
    [{ ...saved, scopes: [scope.slice(0, -1)] }, "saved.scopes[0]", AS_IT_WAS],
    [{ ...saved, scopes: [[...scope, 0]] }, "saved.scopes[0]", AS_IT_WAS],
    [{ ...saved, scopes: [scope.with(4, "soon")] }, "saved.scopes[0][4]", AS_IT_WAS],
    [{ ...saved, inFlight: [call.with(0, null)] }, "saved.inFlight[0][0]", AS_IT_WAS],
    [{ ...saved, inFlight: [call, call] }, "saved.inFlight[1]", undefined],
    [{ ...saved, inFlight: [call.with(1, 5)] }, "saved.inFlight[0]", undefined],
    [{ ...saved, learned: {} }, "saved.learned", "Use what snapshot().learned was."],
  ]) {
    assert.throws(() => createLimiter({ saved: wrong }), (error) => {
      assert.ok(error instanceof OptionError);
      assert.equal(error.option, option);
      if (fix !== undefined) assert.equal(error.fix, fix);
      return true;
    });
  }
});

// What a Durable Object does with the class under the glue.

const HEADERS = "content-type: application/json\nanthropic-version: 2023-06-01";
const BODY = messagesCall()[1].body;
const [DRAINED, EVENT] = [-1, -3];
const OPTIONS = { limits: { default: { itpm: 10_000, otpm: 10_000, concurrency: 1 } } };

/** A limiter in which one request is in flight. */
function asked() {
  const core = new CoreLimiter(OPTIONS, 0, 1);
  const ticket = core.submitRequest(0, "POST", MESSAGES, HEADERS, BODY, true, 0, Infinity, -1, -1, -1, -1, NaN, -1, undefined);
  const outputs = [core.poll(), core.poll(), core.poll()];
  assert.deepEqual(outputs, [EVENT, ticket, DRAINED]);
  return { core, ticket };
}

function restored(core, { keepsInFlight = true, now = 0 } = {}) {
  const next = new CoreLimiter(OPTIONS, now, 1);
  next.restore(now, WALL, viaJson(core.save(0, WALL)), keepsInFlight);
  return next;
}

const levels = (core, now) => core.snapshot(now).scopes[0].limits.map((limit) => limit.available);

test("what was in flight is answered and settled in the next life under its old number", () => {
  const { core, ticket } = asked();
  const next = restored(core);
  assert.deepEqual([...next.inFlightTickets()], [ticket]);
  assert.deepEqual(levels(next, 0), levels(core, 0));
  assert.equal(next.acquireNow(0, 0, 1, 0, 0, 0, 0), -1, "its permit is taken");
  for (const each of [core, next]) {
    assert.equal(each.handleResponse(100, WALL, ticket, 200, "content-type: application/json"), 1);
    const usage = { inputTokens: 700, outputTokens: 90, cacheCreationInputTokens: null, cacheReadInputTokens: null,
      totalTokens: null, outputCharacters: 300, error: null };
    each.finishWith(200, ticket, true, usage);
    assert.deepEqual([...each.inFlightTickets()], []);
  }
  assert.deepEqual(levels(next, 200), levels(core, 200));
  assert.equal(next.cancel(200, ticket, true), false, "it has ended");
});

test("usage that was read elsewhere settles as the limiter's own reader does, whole, cut and overrunning", () => {
  const text = JSON.stringify({ content: [{ type: "text", text: "x".repeat(20_000) }], usage: { input_tokens: 900, output_tokens: 5_000 } });
  for (const [body, complete] of [[text, true], [text, false], [text.slice(0, 19_000), false]]) {
    const [own, other] = [asked(), asked()];
    for (const { core, ticket } of [own, other]) core.handleResponse(0, WALL, ticket, 200, "content-type: application/json");
    const bytes = new TextEncoder().encode(body);
    const reader = new CoreUsage("application/json; charset=utf-8");
    assert.ok(reader.isReadable());
    own.core.chunk(0, own.ticket, bytes);
    reader.chunk(bytes);
    other.core.extendBy(0, other.ticket, viaJson(reader.usage()));
    assert.deepEqual(levels(other.core, 0), levels(own.core, 0));
    own.core.finish(0, own.ticket, complete);
    other.core.finishWith(0, other.ticket, complete, viaJson(reader.usage()));
    assert.deepEqual(levels(other.core, 0), levels(own.core, 0));
    assert.notEqual(levels(own.core, 0)[1], 10_000);
  }
});

test("a body that cannot be read says no usage, and its call costs what it reserved", () => {
  const reader = new CoreUsage("");
  reader.chunk(new Uint8Array([123]));
  assert.equal(reader.isReadable(), false);
  assert.equal(reader.usage(), null);
  const { core, ticket } = asked();
  const before = levels(core, 0);
  core.handleResponse(0, WALL, ticket, 200, "");
  core.finishWith(0, ticket, false, reader.usage());
  assert.deepEqual(levels(core, 0), [...before.slice(0, 2), 1]);
});

test("what is no usage is a wrong option, and the call goes on", () => {
  const { core, ticket } = asked();
  assert.throws(() => core.finishWith(0, ticket, true, { inputTokens: "many" }), { name: "OptionError", option: "usage.inputTokens" });
  assert.deepEqual([...core.inFlightTickets()], [ticket]);
});

test("a limiter that was asked before is given nothing", () => {
  const { core } = asked();
  assert.throws(() => core.restore(0, WALL, core.save(0, WALL), true), { name: "OptionError", option: "saved" });
});

test("a number that the former life gave out after it was saved is not the next one's", () => {
  const { core, ticket } = asked();
  const saved = core.save(0, WALL);
  core.finishWith(0, ticket, true, null);
  const lost = core.acquireNow(0, 0, 1, 0, 0, 0, 0);
  const next = new CoreLimiter(OPTIONS, 0, 1);
  next.restore(0, WALL, saved, false);
  const fresh = next.acquireNow(0, 0, 1, 0, 0, 0, 0);
  assert.ok(lost >= 0 && fresh >= 0);
  assert.equal(lost >>> 8, fresh >>> 8, "they have the same slot");
  assert.notEqual(lost, fresh);
  assert.equal(next.cancel(0, lost, true), false);
});

test("a storm of overloads is not begun anew: the breaker of the last process is open in the next", async () => {
  const clock = new VirtualClock();
  const fetch = upstream(async () => new Response("{}", { status: 529 }));
  const limiter = limiterWith({ rpm: 6_000 }, clock, { fetch, retry: false });
  const breaker = (of) => of.snapshot().scopes[0].breaker;
  for (let count = 0; count < 100 && breaker(limiter) === "closed"; count += 1) {
    const call = limiter.fetch(...messagesCall());
    await clock.advance(100);
    await call;
  }
  assert.equal(breaker(limiter), "open");
  const next = limiterWith({ rpm: 6_000 }, restarted(clock, 1), { fetch, saved: viaJson(limiter.save()) });
  assert.equal(breaker(next), "open");
  assert.equal(next.tryAcquire(), undefined);
});
