// The shared limiter in the runtime that it is made for: one object, Workers in isolates of their own, servers on loopback.
import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "node:test";
import { startSimulator } from "tidegate/simulator/node";
import { clientOf, messagesBody, messagesCall, pause, startUpstream, startWorkers, until } from "./support.mjs";

const DAY = 86_400_000;

/** A limit that no test reaches, in which all that was charged can be read. */
const counting = (dimension) => ({ dimension, amount: 1e9, periodMs: DAY, enforcement: "fixed-window" });

/** Sends one call through Worker `a` or `b`, and reads the answer. */
async function call(workers, index, path = "/v1/messages", init = messagesCall(messagesBody(5))) {
  const response = await fetch(`${workers.urls[index % 2 === 0 ? "a" : "b"]}${path}`, init);
  const text = await response.text();
  return { status: response.status, text };
}

/** A server that sees how many use it at once, and streams its answers. */
async function startStreaming({ ms = 100 } = {}) {
  const seen = { running: 0, most: 0, served: 0, cut: 0 };
  const upstream = await startUpstream((_request, response) => {
    seen.running += 1;
    seen.most = Math.max(seen.most, seen.running);
    let isOver = false;
    const end = (how) => {
      if (isOver) return;
      clearTimeout(timer);
      isOver = true;
      seen.running -= 1;
      seen[how] += 1;
    };
    response.writeHead(200, { "content-type": "text/event-stream" });
    response.write('event: message_start\ndata: {"type":"message_start","message":{"usage":{"input_tokens":10,"output_tokens":1}}}\n\n');
    const timer = setTimeout(() => {
      end("served");
      response.end('event: message_delta\ndata: {"type":"message_delta","usage":{"output_tokens":5}}\n\nevent: message_stop\ndata: {"type":"message_stop"}\n\n');
    }, ms);
    response.on("close", () => end("cut"));
  });
  return { ...upstream, seen };
}

test("hundreds of calls of several Workers share exact limits: none is refused, all are served", async () => {
  const simulator = await startSimulator({
    // A little more at once than the limiter uses, as what starts at one instant arrives at several.
    limits: { default: { rpm: 6_000, itpm: 1e9, otpm: 1e9, burstMs: 600 } },
    timing: { firstTokenMs: 40, tokensPerSecond: 5_000 },
    headers: { hide: true },
    maxInFlight: 20,
  });
  const requests = { dimension: "requests", amount: 100, periodMs: 1_000, burst: 40 };
  const limits = { concurrency: 20, limits: [requests, counting("input_tokens"), counting("output_tokens")] };
  const workers = await startWorkers({ options: { limits: { default: limits } }, upstream: simulator.url });
  try {
    await workers.snapshot();
    const began = performance.now();
    const single = Array.from({ length: 200 }, (_, index) => call(workers, index, "/v1/messages", messagesCall(messagesBody(5, { stream: index % 3 === 0 }))));
    const { headers } = messagesCall();
    const many = { method: "POST", body: JSON.stringify(Array.from({ length: 40 }, () => ({ headers, body: messagesBody(5) }))) };
    const batch = await call(workers, 0, "/many", many);
    const answers = await Promise.all(single);
    const tookMs = performance.now() - began;

    assert.deepEqual(new Set(answers.map(({ status }) => status)), new Set([200]), answers.find(({ status }) => status !== 200)?.text);
    assert.deepEqual(new Set(JSON.parse(batch.text).map(({ status }) => status)), new Set([200]));
    const [{ groups }] = simulator.stats().organisations;
    const [{ counts, limits: truth }] = groups;
    assert.deepEqual([counts.requests, counts.served, counts.refused], [240, 240, 0]);
    // 240 calls, 40 at once and then 100 a second.
    const leastMs = 2_000;
    assert.ok(tookMs >= leastMs - 50, `took ${tookMs} ms`);
    console.log(`# 240 calls took ${Math.round(tookMs)} ms, of which the limit asks ${leastMs}`);

    await until(async () => (await workers.snapshot()).inFlight === 0, "every call is settled");
    const { scopes } = await workers.snapshot();
    const charged = (dimension) => 1e9 - scopes[0].limits.find((limit) => limit.dimension === dimension).available;
    assert.equal(charged("input_tokens"), truth.find(({ dimension }) => dimension === "inputTokens").charged);
    assert.equal(charged("output_tokens"), truth.find(({ dimension }) => dimension === "outputTokens").charged);
  } finally {
    await workers.close();
    await simulator.close();
  }
});

test("an object that is lost, again and again, loses no call and exceeds no limit", async () => {
  const upstream = await startStreaming({ ms: 60 });
  const workers = await startWorkers({ options: { limits: { default: { concurrency: 5 } } }, upstream: upstream.url });
  try {
    const calls = Array.from({ length: 100 }, (_, index) => call(workers, index));
    let over = false;
    const all = Promise.all(calls).finally(() => (over = true));
    let ends = 0;
    // Whenever some have been served, as an object that is ended before it has begun serves nobody.
    while (!over) {
      if (upstream.seen.served < (ends + 1) * 12) {
        await pause(5);
        continue;
      }
      await workers.abort();
      ends += 1;
    }
    const answers = await all;

    assert.ok(ends >= 4, `the object ended ${ends} times meanwhile`);
    assert.deepEqual(new Set(answers.map(({ status }) => status)), new Set([200]), answers.find(({ status }) => status !== 200)?.text);
    assert.ok(answers.every(({ text }) => text.includes("message_stop")), "every stream is whole");
    assert.deepEqual([upstream.seen.served, upstream.seen.cut], [100, 0], "each was sent once");
    assert.equal(upstream.seen.most, 5);
    await until(async () => (await workers.snapshot()).inFlight === 0, "every permit comes back");
    const { waiting, scopes } = await workers.snapshot();
    assert.deepEqual([waiting, scopes[0].limits[0].available], [0, 5]);
    console.log(`# the object ended ${ends} times while 100 calls were made`);
  } finally {
    await workers.close();
    await upstream.close();
  }
});

test("an object that is evicted while calls stream knows of them when they end", async () => {
  const upstream = await startStreaming({ ms: 1_500 });
  const workers = await startWorkers({ options: { limits: { default: { concurrency: 5 } } }, upstream: upstream.url });
  try {
    const streaming = Array.from({ length: 5 }, (_, index) => call(workers, index));
    await until(() => upstream.seen.running === 5, "all are sent");
    // What the runtime does with an object that nobody talks to: it waits until that is so.
    await workers.evict();
    assert.equal(upstream.seen.running, 5, "the streams go on");
    const { inFlight, scopes } = await workers.snapshot();
    assert.deepEqual([inFlight, scopes[0].limits[0].available], [5, 0], "the next object knows of them");
    const next = await call(workers, 0);
    const answers = await Promise.all(streaming);

    assert.deepEqual(new Set([...answers, next].map(({ status }) => status)), new Set([200]));
    assert.equal(upstream.seen.most, 5);
    await until(async () => (await workers.snapshot()).inFlight === 0, "every permit comes back");
  } finally {
    await workers.close();
    await upstream.close();
  }
});

test("what was used is used, and what was in flight is, though the whole runtime starts anew", async () => {
  const persist = await mkdtemp(join(tmpdir(), "tidegate-durable-"));
  const aDay = { dimension: "requests", amount: 10, periodMs: DAY, enforcement: "fixed-window" };
  const options = { limits: { default: { concurrency: 2, limits: [aDay] } }, leaseMs: 8_000 };
  // The storage that objects had before SQLite, and a runtime as it was then.
  const given = { options, persist, useSQLite: false, compatibilityDate: "2024-01-01" };
  try {
    const first = await startWorkers(given);
    await call(first, 0, "/hold?cost=3", {});
    await call(first, 0, "/leave", {});
    await first.close();

    const second = await startWorkers(given);
    const after = await second.snapshot();
    assert.equal(after.inFlight, 1, "for all that is known");
    assert.deepEqual(after.scopes[0].limits.map(({ dimension, available }) => [dimension, available]), [["concurrency", 1], ["requests", 6]]);
    // Its Worker is gone, and that is noticed.
    await until(async () => (await second.snapshot()).inFlight === 0, "the lease ends");
    await until(async () => (await second.alarm()) === null, "an idle object has no alarm");
    await second.close();
  } finally {
    await rm(persist, { recursive: true });
  }
});

test("urgent calls go first, and refusals are typed, through workerd's own errors and streams", async () => {
  const options = { limits: { default: { concurrency: 1 } }, queue: { maxDepth: 3 } };
  const workers = await startWorkers({ options });
  try {
    const first = call(workers, 0, "/hold?ms=400", {});
    await until(async () => (await workers.snapshot()).inFlight === 1, "the first is in flight");
    const low = call(workers, 0, "/hold?priority=-50", {});
    const impatient = call(workers, 1, "/hold?deadline=100", {});
    await until(async () => (await workers.snapshot()).waiting >= 1, "they wait");
    const high = call(workers, 1, "/hold?priority=50", {});
    await pause(20);
    const late = JSON.parse((await impatient).text);
    const fill = [call(workers, 0, "/hold?priority=-60", {}), call(workers, 0, "/hold?priority=-60", {})];
    const refused = await Promise.race(fill);
    const [one, two, three] = (await Promise.all([first, high, low])).map(({ text }) => JSON.parse(text));
    await Promise.all(fill);

    assert.deepEqual([late.name, late.code], ["DeadlineError", "deadline-exceeded"]);
    assert.equal(late.own.waitedMs >= 100, true);
    assert.deepEqual([JSON.parse(refused.text).name, JSON.parse(refused.text).own.limit], ["QueueFullError", 3]);
    assert.ok(one.endedAt <= two.startedAt && two.endedAt <= three.startedAt);
  } finally {
    await workers.close();
  }
});

test("clients that leave, in the queue or in the stream, free their place", async () => {
  const upstream = await startStreaming({ ms: 300_000 });
  const workers = await startWorkers({ options: { limits: { default: { concurrency: 1 } } }, upstream: upstream.url });
  try {
    const client = () => clientOf(`${workers.urls.a}/v1/messages`, messagesCall(messagesBody(5)));
    const streaming = client();
    await streaming.first;
    const queued = client();
    await until(async () => (await workers.snapshot()).waiting === 1, "one waits");

    queued.leave();
    await until(async () => (await workers.snapshot()).waiting === 0, "who left the queue is gone from it");
    streaming.leave();
    await until(async () => (await workers.snapshot()).inFlight === 0, "a stream that nobody reads has ended");
    await until(() => upstream.seen.cut === 1, "and its server knows");
    assert.equal(upstream.seen.served, 0);
  } finally {
    await workers.close();
    await upstream.close();
  }
});

test("refused calls are sent again when the server allows it", async () => {
  let tries = 0;
  const upstream = await startUpstream((_request, response) => {
    tries += 1;
    if (tries === 1) response.writeHead(429, { "retry-after": "1", "content-type": "application/json" }).end('{"error":{"type":"rate_limit_error"}}');
    else if (tries === 2) response.writeHead(529, { "content-type": "application/json" }).end('{"error":{"type":"overloaded_error"}}');
    else response.writeHead(200, { "content-type": "application/json" }).end('{"usage":{"input_tokens":10,"output_tokens":2}}');
  });
  const workers = await startWorkers({ options: { retry: { baseMs: 50 } }, upstream: upstream.url });
  try {
    const began = performance.now();
    const { status } = await call(workers, 0);
    assert.equal(status, 200);
    assert.equal(tries, 3);
    assert.ok(performance.now() - began >= 1_000, "the wait that was ordered was kept");
  } finally {
    await workers.close();
    await upstream.close();
  }
});
