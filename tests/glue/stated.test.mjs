// What a caller states of a call's cost, by a view or by headers.
import assert from "node:assert/strict";
import { test } from "node:test";
import { createLimiter } from "tidegate";
import { deferred, MESSAGES, messagesAnswer, messagesCall, scriptedBody, settled, spied, upstream, VirtualClock } from "./support.mjs";

const LIMITS = {
  default: { rpm: 1_000, itpm: 100_000, otpm: 100_000, limits: [{ dimension: "custom", amount: 100, periodMs: 60_000 }] },
};
const FULL = { requests: 1_000, input_tokens: 100_000, output_tokens: 100_000, custom: 100 };

function world(answer = () => messagesAnswer()) {
  const clock = new VirtualClock();
  const fetch = upstream(answer);
  return { clock, fetch, limiter: createLimiter({ clock, fetch, seed: 1, limits: LIMITS }) };
}

/** What is missing in each dimension. */
function taken(limiter) {
  const [scope] = limiter.snapshot().scopes.filter(({ name }) => name === "default");
  const missing = scope.limits.map(({ dimension, available }) => [dimension, FULL[dimension] - available]);
  return Object.fromEntries(missing.filter(([, amount]) => amount !== 0));
}

const stream = () => ({ method: "POST", body: scriptedBody([new Uint8Array(9)]).stream, duplex: "half" });
const form = () => {
  const body = new FormData();
  body.set("image", new Blob(["pixels"]));
  return { method: "POST", body };
};

for (const [what, init] of Object.entries({ "a stream": stream, "a form": form })) {
  test(`what a view states of ${what} is reserved, and settled by the usage in the answer`, async () => {
    const answer = deferred();
    const { limiter, fetch } = world(() => answer.promise);
    const view = limiter.with({ cost: { inputTokens: 6_000, outputTokens: 500, custom: 7 } });
    const call = view.fetch("https://api.example.test/v1/render", init());
    await settled();
    assert.deepEqual(taken(limiter), { requests: 1, input_tokens: 6_000, output_tokens: 500, custom: 7 });
    answer.resolve(messagesAnswer());
    await (await call).text();
    assert.deepEqual(taken(limiter), { requests: 1, input_tokens: 8, output_tokens: 4, custom: 7 });
    assert.equal(fetch.calls.length, 1);
  });
}

test("an answer without usage leaves what was stated", async () => {
  const { limiter } = world(() => new Response("pixels"));
  const view = limiter.with({ cost: { inputTokens: 6_000, custom: 7 } });
  await (await view.fetch("https://api.example.test/v1/render", form())).text();
  assert.deepEqual(taken(limiter), { requests: 1, input_tokens: 6_000, custom: 7 });
});

test("what is stated takes the place of the estimate in that dimension alone", async () => {
  const { limiter } = world(() => new Promise(() => {}));
  limiter.fetch(...messagesCall()).catch(() => {});
  await settled();
  const estimated = taken(limiter);
  const other = world(() => new Promise(() => {}));
  other.limiter.with({ cost: { inputTokens: 50 } }).fetch(...messagesCall()).catch(() => {});
  await settled();
  assert.deepEqual(taken(other.limiter), { ...estimated, input_tokens: 50 });
});

const forms = {
  Headers: (fields) => new Headers(fields),
  "an array": (fields) => Object.entries(fields),
  "a plain object": (fields) => fields,
};

for (const [what, make] of Object.entries(forms)) {
  test(`costs in ${what} are obeyed over those of the view, and not sent`, async () => {
    const { limiter, fetch } = world(() => new Response("done"));
    const headers = make({
      "X-Tidegate-Input-Tokens": "300", "x-tidegate-output-tokens": "20", "x-tidegate-custom": "0", "content-type": "text/plain",
    });
    const view = limiter.with({ cost: { requests: 2, custom: 9 } });
    await (await view.fetch("https://api.example.test/graphql", { method: "POST", body: "{}", headers })).text();
    assert.deepEqual(taken(limiter), { requests: 2, input_tokens: 300, output_tokens: 20 });
    assert.deepEqual([...new Headers(fetch.calls[0][1].headers)], [["content-type", "text/plain"]]);
  });
}

test("a call that states more than a limit ever holds is refused unsent", async () => {
  const { limiter, fetch } = world();
  const view = limiter.with({ cost: { custom: 101 } });
  await assert.rejects(view.fetch(MESSAGES), { code: "insufficient-capacity" });
  assert.equal(fetch.calls.length, 0);
});

test("the cost of a view is that of acquire, tryAcquire and schedule too, where they name none", async () => {
  const { limiter } = world();
  const view = limiter.with({ cost: { inputTokens: 10 } }).with({ cost: { custom: 2 } });
  const permits = [await view.acquire(), view.tryAcquire()];
  await view.schedule((permit) => permit.release());
  assert.deepEqual(taken(limiter), { requests: 3, input_tokens: 30, custom: 6 });
  for (const permit of permits) permit.release();
  (await view.acquire({ outputTokens: 5 })).release();
  assert.deepEqual(taken(limiter), { requests: 4, input_tokens: 30, output_tokens: 5, custom: 6 });
});

test("nothing stated crosses the boundary as numbers that say so", async () => {
  const { limiter } = world();
  const [args] = await spied("submitRequest", async () => void (await limiter.fetch(...messagesCall())));
  assert.deepEqual(args.slice(8), [-1, -1, -1, -1, Number.NaN, -1, undefined]);
});

test("a wrong cost is named with its value and the fix, and nothing is sent", async () => {
  const { limiter, fetch } = world();
  for (const [cost, option] of [
    [-1, "hints.cost"],
    [{ inputTokens: 1.5 }, "hints.cost.inputTokens"],
    [{ tokens: 5 }, "hints.cost.tokens"],
    ["5", "hints.cost"],
  ]) {
    assert.throws(() => limiter.with({ cost }), { code: "invalid-option", option });
  }
  for (const [name, value] of [
    ["x-tidegate-input-tokens", "many"],
    ["x-tidegate-input-tokens", ""],
    ["x-tidegate-output-tokens", "-1"],
    ["x-tidegate-custom", "1.5"],
    ["x-tidegate-custom", "4294967296"],
    ["x-tidegate-tokens", "5"],
  ]) {
    const call = limiter.fetch(MESSAGES, { headers: { [name]: value } });
    await assert.rejects(call, { code: "invalid-option", option: name, value });
  }
  assert.equal(fetch.calls.length, 0);
});
