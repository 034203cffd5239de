// A limiter at module scope in real workerd, shared by all requests of an isolate, by compatibility date: runtimes up to
// 2024-10-13 let no request resolve what another waits for, and those before 2025-05-05 have no FinalizationRegistry.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { startSimulator } from "tidegate/simulator/node";
import { bundle, eventually, Isolate, Upstream } from "./support.mjs";

const RUNTIMES = [
  { date: "2024-01-01" },
  { date: "2024-09-23" },
  { date: "2025-07-01" },
  { date: "2026-07-01" },
  { date: "2026-07-01", flags: ["no_handle_cross_request_promise_resolution"] },
  { date: "2026-07-01", flags: ["enable_request_signal", "nodejs_compat"] },
];

const MESSAGE = { model: "claude-sonnet-4-5", max_tokens: 64, messages: [{ role: "user", content: "Hello there" }] };

const modules = await bundle();

describe("a limiter at module scope", { concurrency: 2 }, () => {
  for (const runtime of RUNTIMES) {
    describe([runtime.date, ...(runtime.flags ?? [])].join(" "), { concurrency: 1, timeout: 120_000 }, () => {
      let simulator, upstream, isolate;

      before(async () => {
        const limits = { rpm: 1800, itpm: 10_000_000, otpm: 10_000_000 };
        simulator = await startSimulator({ seed: 1, limits: { default: limits } });
        upstream = await Upstream.start();
        isolate = await Isolate.start(modules, { ...runtime, bindings: { UPSTREAM: upstream.url, SIMULATOR: simulator.url } });
      });

      after(async () => {
        await isolate?.stop();
        await upstream?.stop();
        await simulator?.close();
      });

      const message = (stream) => ({
        method: "POST",
        headers: { "content-type": "application/json", "anthropic-version": "2023-06-01", "x-api-key": "key" },
        body: JSON.stringify({ ...MESSAGE, stream }),
      });

      const isIdle = async (name) => {
        const { inFlight, waiting } = await isolate.json(`/snapshot/${name}`);
        return inFlight === 0 && waiting === 0;
      };

      test("150 requests at once keep the limits of the server, and all are answered", async () => {
        const calls = Array.from({ length: 150 }, (_, index) =>
          isolate.ask(`/${index % 3 === 0 ? "read" : "fetch"}/rate?to=SIMULATOR&path=/v1/messages`, message(index % 2 === 0)),
        );
        const answers = await Promise.all(calls);
        assert.deepEqual([...new Set(answers.map(({ status }) => status))], [200], answers.find(({ status }) => status !== 200)?.text);
        const [{ counts }] = simulator.stats().organisations[0].groups;
        assert.deepEqual([counts.served, counts.refused, counts.aborted], [150, 0, 0]);
        await eventually(() => isIdle("rate"));
      });

      test("whoever waits for a permit starts soon after another request gives one back", async () => {
        const begun = Date.now();
        const calls = Array.from({ length: 100 }, () => isolate.json("/hold/few?ms=20"));
        await Promise.all(calls);
        const tookMs = Date.now() - begun;
        assert.equal((await isolate.json("/snapshot/few")).mostRunning, 5);
        assert.ok(await isIdle("few"));
        // 400 ms of work, and room for a machine that has more to do.
        assert.ok(tookMs < 20_000, String(tookMs));
      });

      test("a client that leaves the queue, in flight or in the middle of a stream ends what it had", async () => {
        upstream.on("/never", () => {});
        upstream.on("/stream", (response) => {
          response.writeHead(200, { "content-type": "text/event-stream" });
          response.write('event: message_start\ndata: {"type":"message_start","message":{"usage":{"input_tokens":9,"output_tokens":1}}}\n\n');
        });
        for (const path of ["/never", "/stream"]) {
          const asked = upstream.asked.get(path) ?? 0;
          const holder = isolate.visit(`/fetch/hasty?path=${path}`, message(true));
          await eventually(() => (upstream.asked.get(path) ?? 0) > asked);
          if (path === "/stream") await holder.response;
          const queued = isolate.visit("/hold/hasty?ms=0");
          await eventually(async () => (await isolate.json("/snapshot/hasty")).waiting === 1);
          const patient = isolate.ask("/hold/hasty?ms=0");
          await eventually(async () => (await isolate.json("/snapshot/hasty")).waiting === 2);
          queued.leave();
          holder.leave();
          assert.equal((await patient).status, 200, path);
          await eventually(() => isIdle("hasty"));
        }
      });

      test("what a request leaves behind at its end does not hold up those that come", async () => {
        assert.equal((await isolate.ask("/vanish/hasty")).text, "gone");
        const { waiting, inFlight } = await isolate.json("/snapshot/hasty");
        assert.deepEqual([waiting, inFlight], [1, 1]);
        const answers = await Promise.all(Array.from({ length: 10 }, () => isolate.ask("/hold/hasty?ms=0")));
        assert.deepEqual([...new Set(answers.map(({ status }) => status))], [200]);
        await eventually(() => isIdle("hasty"));
      });

      test("a refusal is waited out by all who wait, and the call is sent again", async () => {
        upstream.on("/refused", (response, count) => {
          if (count === 1) response.writeHead(429, { "retry-after": "1" });
          response.end("served");
        });
        const first = isolate.ask("/fetch/one?path=/refused");
        await eventually(() => upstream.asked.get("/refused") === 1);
        const others = Array.from({ length: 5 }, () => isolate.ask("/fetch/one?path=/refused"));
        for (const answer of await Promise.all([first, ...others])) assert.deepEqual(answer, { status: 200, text: "served" });
        assert.equal(upstream.asked.get("/refused"), 7);
      });

      test("equal calls of two requests are two calls", async () => {
        const pairs = await Promise.all(Array.from({ length: 5 }, () => isolate.json("/twins/free?path=/twins")));
        assert.equal(new Set(pairs.flat()).size, 10);
      });

      test("a long job goes through a limiter that others use", async () => {
        const others = Array.from({ length: 10 }, () => isolate.ask("/hold/one?ms=5"));
        assert.equal((await isolate.json("/map/one?path=/item")).length, 4);
        for (const { status } of await Promise.all(others)) assert.equal(status, 200);
      });

      test("a drain ends for each that asked, when another request's call has ended", async () => {
        const holder = isolate.ask("/hold/ending?ms=300");
        await eventually(async () => (await isolate.json("/snapshot/ending")).inFlight === 1);
        const drains = [isolate.ask("/drain/ending"), isolate.ask("/drain/ending")];
        for (const { text } of await Promise.all(drains)) assert.equal(text, "drained");
        assert.equal((await holder).status, 200);
      });

      test("workerd has nothing to complain of", () => {
        assert.doesNotMatch(isolate.said, /behalf of a different request|hung|never complete|Uncaught/);
      });
    });
  }
});
