import { VirtualClock } from "./clock.mjs";
import { Absent, equal, ok } from "./expect.mjs";
import { messagesCall } from "./scripted.mjs";

export const simulates = {
  /** The limiter told its limits is not refused once by the judge, in the same virtual time. */
  "simulator: agrees": async ({ tidegate, parts }) => {
    if (parts.simulator === undefined) return new Absent("this runtime compiles no modules");
    const { createSimulator } = await parts.simulator();
    const clock = new VirtualClock();
    const limit = { rpm: 60, itpm: 100_000, otpm: 100_000 };
    const simulator = createSimulator({ limits: { default: { ...limit, burstMs: 1_000 } }, clock, seed: 1 });
    const requests = { dimension: "requests", amount: 60, periodMs: 60_000, burst: 1 };
    const limiter = tidegate.createLimiter({ limits: { default: { limits: [requests] } }, fetch: simulator.fetch, clock, seed: 1 });
    const calls = Array.from({ length: 8 }, async () => {
      const response = await limiter.fetch(...messagesCall(undefined, { headers: { "x-api-key": "key" }, body: { model: "claude-sonnet-5" } }));
      await response.text();
      return response.status;
    });
    await clock.advance(120_000);
    equal(await Promise.all(calls), Array(8).fill(200), "statuses");
    const { served, refused } = simulator.stats().organisations[0].groups[0].counts;
    equal({ served, refused }, { served: 8, refused: 0 }, "what the simulator counted");
    ok(clock.armed === 0, `${clock.armed} timers are left`);
  },
};
