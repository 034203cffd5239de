// What is added to a fetch: the time through a limiter beside the time of the bare fetch, which answers at once.
import { Sema } from "async-sema";
import { RateLimiter } from "limiter";
import pLimit from "p-limit";
import PQueue from "p-queue";
import { createLimiter } from "tidegate";
import { PLENTY, threeLimits } from "./support/limiters.mjs";
import { nanoseconds, report } from "./support/measure.mjs";

const ANSWER = JSON.stringify({
  id: "msg_01",
  type: "message",
  role: "assistant",
  model: "claude-sonnet-5",
  content: [{ type: "text", text: "The tide comes in twice a day, and twice it goes. ".repeat(20) }],
  stop_reason: "end_turn",
  usage: { input_tokens: 480, cache_creation_input_tokens: 0, cache_read_input_tokens: 0, output_tokens: 240 },
});

const HEADERS = {
  "content-type": "application/json",
  "request-id": "req_01",
  "anthropic-ratelimit-requests-limit": `${PLENTY}`,
  "anthropic-ratelimit-requests-remaining": `${PLENTY - 1}`,
  "anthropic-ratelimit-requests-reset": "2026-11-23T12:00:01Z",
  "anthropic-ratelimit-input-tokens-limit": `${PLENTY * 1_000}`,
  "anthropic-ratelimit-input-tokens-remaining": `${PLENTY * 999}`,
  "anthropic-ratelimit-input-tokens-reset": "2026-11-23T12:00:02Z",
  "anthropic-ratelimit-output-tokens-limit": `${PLENTY * 200}`,
  "anthropic-ratelimit-output-tokens-remaining": `${PLENTY * 199}`,
  "anthropic-ratelimit-output-tokens-reset": "2026-11-23T12:00:00Z",
};

const CALL = [
  "https://api.example.test/v1/messages",
  {
    method: "POST",
    headers: { "content-type": "application/json", "anthropic-version": "2023-06-01" },
    body: JSON.stringify({
      model: "claude-sonnet-5",
      max_tokens: 1_024,
      messages: [{ role: "user", content: "When does the gate open? ".repeat(80) }],
    }),
  },
];

await measure("a Messages call, its answer read", {
  call: CALL,
  answer: async () => new Response(ANSWER, { status: 200, headers: HEADERS }),
  read: (response) => response.json(),
});
await measure("a GET, answered 204", {
  call: ["https://api.example.test/things"],
  answer: async () => new Response(null, { status: 204 }),
  read: (response) => response.status,
});

async function measure(what, { call, answer, read }) {
  const limiter = createLimiter({ limits: threeLimits, fetch: answer });
  const limit = pLimit(1_000);
  const queue = new PQueue({ concurrency: 1_000 });
  const sema = new Sema(1_000);
  const bucket = new RateLimiter({ tokensPerInterval: PLENTY, interval: "minute" });
  const fetches = {
    tidegate: limiter.fetch,
    "p-limit": (...args) => limit(() => answer(...args)),
    "p-queue": (...args) => queue.add(() => answer(...args)),
    "async-sema": async (...args) => {
      await sema.acquire();
      try {
        return await answer(...args);
      } finally {
        sema.release();
      }
    },
    limiter: async (...args) => {
      await bucket.removeTokens(1);
      return answer(...args);
    },
    bare: answer,
  };
  const runs = Object.entries(fetches).map(([name, fetch]) => {
    const run = async (count) => {
      for (let i = 0; i < count; i++) await read(await fetch(...call));
    };
    return [name, run];
  });
  const { bare, ...wrapped } = await nanoseconds(Object.fromEntries(runs), { operations: 50, rounds: 300 });
  report(`${what}: bare`, "bare fetch", bare / 1e3, "µs");
  for (const [name, time] of Object.entries(wrapped)) report(`${what}: added`, name, (time - bare) / 1e3, "µs");
}
