// The shared limiter in virtual time: lost Workers, lost objects and lost answers, without waiting for any of them.
import assert from "node:assert/strict";
import test from "node:test";
import { CoreLimiter, messagesAnswer, messagesCall, spied, upstream } from "../../glue/support.mjs";
import { snapshotOf, watched, world } from "./virtual.mjs";

const MINUTE = 60_000;

/** A body of which the test sends the pieces. */
function openBody() {
  let controller;
  const stream = new ReadableStream({ start: (given) => (controller = given) });
  const send = (text) => controller.enqueue(new TextEncoder().encode(text));
  return { stream, send, close: () => controller.close() };
}

test("calls of all Workers share one limit, in their order", async () => {
  const { clock, limiter } = world({ limits: { default: { concurrency: 2 } } });
  const started = [];
  const permits = [];
  for (let index = 0; index < 5; index += 1) {
    limiter().acquire().then((permit) => {
      started.push(index);
      permits.push(permit);
    });
  }
  await clock.advance(0);
  assert.deepEqual(started, [0, 1]);

  await permits[0].release();
  await permits[0].release();
  await clock.advance(0);

  assert.deepEqual(started, [0, 1, 2], "a second release frees nothing");
});

test("what is urgent goes first, whichever Worker asks", async () => {
  const { clock, limiter } = world({ limits: { default: { concurrency: 1 } } });
  const order = [];
  const held = watched(limiter().acquire());
  await clock.advance(0);
  for (const priority of ["low", "normal", "critical"]) {
    limiter().with({ priority }).schedule(() => order.push(priority));
    await clock.advance(0);
  }

  await held.value.release();
  await clock.advance(0);

  assert.deepEqual(order, ["critical", "normal", "low"]);
});

test("a request is settled by what its body says, though the body never reaches the object", async () => {
  const { clock, limiter } = world({ limits: { default: { otpm: 1_000, itpm: 1_000_000 } } });
  const body = openBody();
  const head = { headers: { "content-type": "text/event-stream" } };
  const fetch = upstream(() => Promise.resolve(new Response(body.stream, head)));
  const call = watched(limiter({ fetch }).fetch(...messagesCall()));
  await clock.advance(0);
  const text = call.value.text();
  body.send('event: message_start\ndata: {"type":"message_start","message":{"usage":{"input_tokens":8,"output_tokens":1}}}\n\n');
  body.send('event: message_delta\ndata: {"type":"message_delta","usage":{"output_tokens":700}}\n\n');
  body.close();
  await text;
  await clock.advance(0);

  const { scopes } = await snapshotOf({ clock, limiter });

  const output = scopes[0].limits.find(({ dimension }) => dimension === "output_tokens");
  assert.equal(output.available, 300);
  assert.equal(scopes[0].inFlight, 0);
});

test("a refused request waits in the object, and is sent again by its Worker", async () => {
  const { clock, limiter } = world();
  const refusal = () => Promise.resolve(new Response("{}", { status: 429, headers: { "retry-after": "7" } }));
  const fetch = upstream(refusal, () => Promise.resolve(messagesAnswer()));
  const call = watched(limiter({ fetch }).fetch(...messagesCall()));

  await clock.advance(6_900);
  assert.equal(fetch.calls.length, 1);
  await clock.advance(2_000);

  assert.equal(fetch.calls.length, 2);
  assert.equal(call.value.status, 200);
});

test("an answer below 400 is not waited for, unless a user gave it another meaning", async () => {
  const statuses = { 202: "rate_limit" };
  const { clock, limiter } = world({ provider: { statuses }, retry: { baseMs: 1 } });
  const fetch = upstream(() => Promise.resolve(new Response("{}", { status: 202 })), () => Promise.resolve(messagesAnswer()));
  const call = watched(limiter({ fetch }).fetch(...messagesCall()));
  await clock.advance(MINUTE);
  assert.deepEqual([call.value.status, fetch.calls.length], [200, 2]);

  const usual = world();
  const once = upstream(() => {
    // Nothing is heard any more, and the caller has its answer all the same, at once.
    usual.objects.fate = () => "unheard";
    return Promise.resolve(messagesAnswer());
  });
  const quick = watched(usual.limiter({ fetch: once }).fetch(...messagesCall()));
  await usual.clock.advance(0);
  assert.equal(quick.value.status, 200);
});

test("a call takes three messages, and one for every 20 seconds that it waits or 30 that it is in flight", async () => {
  const { clock, objects, limiter } = world({ limits: { default: { concurrency: 1 } } });
  const took = async (waitMs, flightMs) => {
    const held = waitMs === 0 ? undefined : watched(limiter().acquire());
    await clock.advance(0);
    const body = openBody();
    const fetch = upstream(() => Promise.resolve(new Response(body.stream, { headers: { "content-type": "text/event-stream" } })));
    const before = objects.messages;
    const call = watched(limiter({ fetch }).fetch(...messagesCall()));
    await clock.advance(waitMs);
    const others = held === undefined ? 0 : 1 + Math.floor(waitMs / 30_000);
    await held?.value.release();
    await clock.advance(0);
    const text = watched(call.value.text());
    await clock.advance(flightMs);
    body.close();
    await clock.advance(0);
    assert.ok(text.isOver);
    return objects.messages - before - others;
  };
  assert.equal(await took(0, 0), 3);
  assert.equal(await took(50_000, 0), 3 + 2);
  assert.equal(await took(0, 70_000), 3 + 2);
});

test("refusals are the errors that the main entry throws", async () => {
  const full = world({ limits: { default: { concurrency: 1, limits: [CUSTOM] } }, queue: { maxDepth: 1 } });
  const { clock, limiter } = full;
  watched(limiter().acquire());
  await clock.advance(0);
  const waits = watched(limiter().acquire(1, { deadlineMs: 5_000 }));
  const tooMany = watched(limiter().acquire());
  const tooMuch = watched(limiter().acquire({ custom: 11 }));
  const wrong = watched(limiter().acquire(1, { priority: 101 }));
  await clock.advance(6_000);

  assert.deepEqual([waits.error.name, waits.error.code, waits.error.waitedMs], ["DeadlineError", "deadline-exceeded", 5_000]);
  assert.deepEqual([tooMany.error.name, tooMany.error.limit], ["QueueFullError", 1]);
  assert.deepEqual([tooMuch.error.name, tooMuch.error.dimension, tooMuch.error.limit, tooMuch.error.cost], ["InsufficientCapacityError", "custom", 10, 11]);
  assert.deepEqual([wrong.error.name, wrong.error.option], ["OptionError", "hints.priority"]);
  assert.throws(() => limiter().with({ dedupe: true }), { code: "invalid-option", option: "hints.dedupe" });

  const broken = world({ limits: { default: { rpm: -1 } } });
  const call = watched(broken.limiter().acquire());
  await broken.clock.advance(0);
  assert.deepEqual([call.error.code, call.error.option], ["invalid-option", "limits.default.rpm"]);
  const lease = world({ leaseMs: 5 });
  const leased = watched(lease.limiter().acquire());
  await lease.clock.advance(0);
  assert.equal(leased.error.option, "leaseMs");
});

test("who gives up is gone from the queue at once, and is not waited for in flight", async () => {
  const { clock, limiter } = world({ limits: { default: { concurrency: 1 } } });
  const first = watched(limiter().acquire());
  await clock.advance(0);
  const gaveUp = new AbortController();
  const second = watched(limiter().acquire(1, { signal: gaveUp.signal }));
  const third = watched(limiter().acquire());
  await clock.advance(0);

  gaveUp.abort(new Error("no longer"));
  await clock.advance(0);
  assert.equal(second.error.message, "no longer");
  await first.value.release();
  await clock.advance(0);

  assert.ok(third.isOver);
  const sent = new AbortController();
  const never = upstream((_url, { signal }) => new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason))));
  await third.value.release();
  const call = watched(limiter({ fetch: never }).with({ signal: sent.signal }).fetch(...messagesCall()));
  await clock.advance(0);
  sent.abort(new Error("enough"));
  await clock.advance(0);
  assert.equal(call.error.message, "enough");
  assert.equal((await snapshotOf({ clock, limiter })).inFlight, 0);
});

test("a Worker that dies in the queue is passed over, and what was kept for it comes back unspent", async () => {
  const { clock, objects, limiter } = world({ limits: { default: { concurrency: 1, rpm: 60 } } });
  const first = watched(limiter().acquire());
  await clock.advance(0);
  const dying = watched(objects.dyingLimiter(limiter).acquire());
  await clock.advance(0);
  const third = watched(limiter().acquire());
  await clock.advance(0);
  objects.kill();
  await first.value.release();
  await clock.advance(0);
  assert.equal(third.isOver, false, "its place is kept for a while: it may come again");

  await clock.advance(10_000);

  assert.equal(dying.isOver, false);
  assert.ok(third.isOver);
  const { scopes } = await snapshotOf({ clock, limiter });
  const requests = scopes[0].limits.find(({ dimension }) => dimension === "requests");
  assert.equal(requests.available + 1, requests.burst, "nothing was charged for it, only the third is in flight");
});

test("a call whose Worker is gone is charged as reserved and ended by an alarm", async () => {
  const { clock, objects, limiter } = world({ limits: { default: { concurrency: 1, limits: [CUSTOM] } } });
  const dying = watched(objects.dyingLimiter(limiter).acquire({ custom: 7 }));
  await clock.advance(0);
  assert.ok(dying.isOver);
  objects.kill();
  assert.notEqual(objects.storage().alarmAt, null);
  assert.equal((await snapshotOf({ clock, limiter })).inFlight, 1);

  await clock.advance(MINUTE + 1);

  const { inFlight, scopes } = await snapshotOf({ clock, limiter });
  assert.equal(inFlight, 0);
  const custom = scopes[0].limits.find(({ dimension }) => dimension === "custom");
  assert.equal(custom.available, 3);
  assert.equal(objects.storage().alarmAt, null);

  // And so is the next one, by another.
  watched(objects.dyingLimiter(limiter).acquire({ custom: 2 }));
  await clock.advance(0);
  objects.kill();
  await clock.advance(2 * MINUTE);
  assert.equal((await snapshotOf({ clock, limiter })).inFlight, 0);
});

test("a stream longer than any lease keeps its place", async () => {
  const { clock, objects, limiter } = world({ limits: { default: { concurrency: 1 } } });
  const body = openBody();
  const fetch = upstream(() => Promise.resolve(new Response(body.stream, { headers: { "content-type": "text/event-stream" } })));
  const call = watched(limiter({ fetch }).fetch(...messagesCall()));
  await clock.advance(0);
  const text = watched(call.value.text());
  const waits = watched(limiter().acquire());

  await clock.advance(30 * MINUTE);
  assert.equal(waits.isOver, false);
  assert.equal((await snapshotOf({ clock, limiter })).inFlight, 1);
  body.close();
  await clock.advance(0);

  assert.ok(text.isOver && waits.isOver);
  await waits.value.release();
  await clock.advance(2 * MINUTE);
  assert.equal(objects.storage().alarmAt, null);
  assert.equal(clock.armed, 0, "an idle object has no timer, and no Worker has");
});

test("for calls in flight, nothing keeps the object in memory but one alarm is set", async () => {
  const { clock, objects, limiter } = world({ limits: { default: { rpm: 60, concurrency: 5 } } });
  const permits = [1, 2, 3].map(() => watched(limiter().acquire()));
  await clock.advance(0);
  const renewals = permits.length;
  const alarms = 1;
  assert.equal(clock.armed, renewals + alarms);

  objects.evict();
  for (const { value } of permits) {
    watched(value.settle({}));
    await clock.advance(0);
    objects.evict();
  }
  assert.equal(clock.armed, alarms);
  await clock.advance(MINUTE);
  assert.equal(clock.armed, 0);
  assert.equal((await snapshotOf({ clock, limiter })).inFlight, 0);
});

test("an object that is evicted whenever nobody waits serves as one that stays", async () => {
  const charged = async (evicts) => {
    const limits = { default: { concurrency: 1, itpm: 1_000_000, otpm: 100_000 } };
    const { clock, objects, limiter } = world({ limits, seed: 1 });
    const answers = [
      () => Promise.resolve(new Response("{}", { status: 429, headers: { "retry-after": "3" } })),
      () => Promise.resolve(messagesAnswer()),
      () => Promise.reject(new TypeError("fetch failed")),
      () => Promise.resolve(messagesAnswer()),
    ];
    const fetch = upstream(...answers);
    const step = async (ms) => {
      await clock.advance(ms);
      if (evicts && (await snapshotOf({ clock, limiter })).waiting === 0) objects.evict();
    };
    for (let index = 0; index < 4; index += 1) {
      const call = watched(limiter({ fetch }).fetch(...messagesCall()));
      for (let second = 0; second < 20 && !call.isOver; second += 1) await step(1_000);
      assert.equal(call.value?.status, 200);
      await step(0);
      await call.value.text();
      await step(0);
    }
    const { scopes } = await snapshotOf({ clock, limiter });
    return { calls: fetch.calls.length, inFlight: scopes[0].inFlight, limits: scopes[0].limits.map(({ dimension, available }) => [dimension, available]) };
  };
  assert.deepEqual(await charged(true), await charged(false));
});

test("a large request is counted by its Worker, with its own credentials", async () => {
  const { clock, objects, limiter } = world({ countTokens: { aboveTokens: 1 } });
  const said = [];
  objects.listen = (text) => said.push(JSON.parse(text.split("\n", 1)[0]));
  const fetch = upstream(
    () => Promise.resolve(Response.json({ input_tokens: 9 })),
    () => Promise.resolve(messagesAnswer()),
  );
  const url = "https://api.anthropic.com/v1/messages?key=QUERY";
  const call = watched(limiter({ fetch }).fetch(url, messagesCall({ headers: { "x-api-key": "APIKEY" } })[1]));
  await clock.advance(0);

  assert.equal(call.value.status, 200);
  const [[asked, question]] = fetch.calls;
  assert.equal(asked, "https://api.anthropic.com/v1/messages/count_tokens?key=QUERY");
  assert.equal(new Headers(question.headers).get("x-api-key"), "APIKEY");
  assert.deepEqual(said.filter(({ type }) => type === "request").map(({ counted }) => counted), [null, null, 9]);
});

test("after a defect, the object goes on from what it had stored", async () => {
  const { clock, limiter } = world({ limits: { default: { concurrency: 1 } } });
  const held = watched(limiter().acquire());
  await clock.advance(0);
  const { submit } = CoreLimiter.prototype;
  CoreLimiter.prototype.submit = () => {
    throw new Error("unreachable");
  };
  const unlucky = watched(limiter().acquire());
  await clock.advance(0);
  CoreLimiter.prototype.submit = submit;
  const next = watched(limiter().acquire());
  await clock.advance(0);

  assert.equal(unlucky.error.code, "core-panicked");
  assert.equal(next.isOver, false, "the permit is still held");
  await held.value.release();
  await clock.advance(0);
  assert.ok(next.value);
});

test("calls that wait through an eviction keep their age, and those in flight their place", async () => {
  const { clock, objects, limiter } = world({ limits: { default: { concurrency: 1 } } });
  const held = watched(limiter().acquire());
  await clock.advance(0);
  const impatient = watched(limiter().acquire(1, { deadlineMs: 30_000 }));
  const patient = watched(limiter().acquire());
  await clock.advance(20_000);

  objects.evict();
  await clock.advance(9_000);
  assert.equal(impatient.isOver, false);
  await clock.advance(1_100);
  assert.equal(impatient.error?.code, "deadline-exceeded");
  assert.equal(patient.isOver, false, "the permit of before the eviction is still held");

  await held.value.release();
  await clock.advance(0);
  assert.ok(patient.isOver);
});

test("an eviction between attempts loses no retry", async () => {
  const { clock, objects, limiter } = world();
  const overloaded = () => Promise.resolve(new Response("{}", { status: 529 }));
  const fetch = upstream(overloaded, () => Promise.resolve(messagesAnswer()));
  // The object decides that the call is tried again, keeps that, and is gone before its Worker hears of it.
  objects.beforeAnswer = (message) => message.type === "answered" && objects.evict();
  const call = watched(limiter({ fetch }).fetch(...messagesCall()));
  await clock.advance(0);
  objects.beforeAnswer = undefined;

  await clock.advance(MINUTE);

  assert.equal(call.value?.status, 200);
  await call.value.text();
  assert.equal(fetch.calls.length, 2);
  assert.equal((await snapshotOf({ clock, limiter })).inFlight, 0);
});

test("a quota that was used before an eviction is not there after it", async () => {
  const { clock, objects, limiter } = world({ limits: { default: { rpm: 60 } } });
  for (let index = 0; index < 60; index += 1) watched(limiter().schedule(() => undefined));
  await clock.advance(0);
  objects.evict();
  const next = watched(limiter().acquire());

  await clock.advance(900);
  assert.equal(next.isOver, false);
  await clock.advance(200);
  assert.ok(next.isOver);
});

test("an answer is judged once, however often it is told, and not as that to the next attempt", async () => {
  for (const refused of [false, true]) {
    const { clock, objects, limiter } = world({ retry: { baseMs: 1, jitter: "none" } });
    const lost = (response) => {
      // Heard, and told again when the next attempt has long had its turn.
      objects.trouble = ["answer-lost", "unheard", "unheard"];
      return Promise.resolve(response);
    };
    const fetch = refused
      ? upstream(() => lost(new Response("{}", { status: 529 })), () => Promise.resolve(messagesAnswer()))
      : upstream(() => lost(messagesAnswer()));
    const judged = await spied("handleResponse", async () => {
      const call = watched(limiter({ fetch }).fetch(...messagesCall()));
      await clock.advance(10_000);
      assert.equal(call.value.status, 200);
      await call.value.text();
      await clock.advance(0);
    });
    const attempts = refused ? 2 : 1;
    assert.deepEqual([fetch.calls.length, judged.length], [attempts, attempts]);
  }
});

test("messages that are heard twice count once", async () => {
  const { clock, objects, limiter } = world({ limits: { default: { concurrency: 3, limits: [CUSTOM] } } });
  objects.trouble = ["answer-lost"];
  const permit = watched(limiter().acquire({ custom: 2 }));
  await clock.advance(1_000);
  assert.ok(permit.isOver);
  assert.equal((await snapshotOf({ clock, limiter })).inFlight, 1);

  objects.trouble = ["answer-lost"];
  const settled = watched(permit.value.settle({ custom: 5 }));
  await clock.advance(1_000);

  assert.ok(settled.isOver);
  const { inFlight, scopes } = await snapshotOf({ clock, limiter });
  assert.equal(inFlight, 0);
  assert.equal(scopes[0].limits.find(({ dimension }) => dimension === "custom").available, 5);
});

test("an object that does not answer is not waited for for ever", async () => {
  const { clock, objects, limiter } = world();
  objects.trouble = Array.from({ length: 100 }, () => "unheard");
  const call = watched(limiter().acquire());
  await clock.advance(20_000);
  assert.deepEqual([call.error.name, call.error.code], ["UnreachableError", "limiter-unreachable"]);
  assert.equal(objects.messages, 6);
  assert.equal(clock.armed, 0);
});

test("an answer is delivered although the object has gone for good", async () => {
  const { clock, objects, limiter } = world();
  const fetch = upstream(() => {
    objects.trouble = Array.from({ length: 100 }, () => "unheard");
    return Promise.resolve(new Response("no", { status: 429 }));
  });
  const call = watched(limiter({ fetch }).fetch(...messagesCall()));
  await clock.advance(20_000);
  assert.equal(call.value.status, 429);
});

const CUSTOM = { dimension: "custom", amount: 10, periodMs: 86_400_000, enforcement: "fixed-window" };
