import assert from "node:assert/strict";
import { test } from "node:test";
import { createLimiter, OptionError } from "tidegate";
import { deferred, messagesAnswer, messagesCall, upstream, VirtualClock } from "./support.mjs";

const WORDS = "the tide gate opens when the water outside allows ".repeat(100);
const PER_MINUTE = 100_000;

/** A call whose prompt is long enough to learn from. */
const call = () => messagesCall({
  body: JSON.stringify({ model: "claude-test-1", max_tokens: 500, messages: [{ role: "user", content: WORDS }] }),
});

/** A server that counts three thousand tokens in that prompt, and writes forty. */
const answers = () => upstream(() => Response.json({ type: "message", content: [], usage: { input_tokens: 3_000, output_tokens: 40 } }));

function limiterWith(options, fetch = answers(), clock = new VirtualClock()) {
  const limits = { default: { itpm: PER_MINUTE, otpm: PER_MINUTE } };
  return createLimiter({ limits, fetch, clock, seed: 1, ...options });
}

/** What a call takes of the limits on input and output while its answer has not come. */
async function reserved(learned) {
  const { promise, resolve } = deferred();
  const limiter = limiterWith({ learned }, upstream(() => promise));
  const pending = limiter.fetch(...call());
  const [input, output] = limiter.snapshot().scopes[0].limits.map(({ available }) => PER_MINUTE - available);
  resolve(messagesAnswer());
  await (await pending).text();
  return { input, output };
}

async function taught() {
  const clock = new VirtualClock();
  const limiter = limiterWith({}, answers(), clock);
  for (let count = 0; count < 25; count += 1) {
    const answer = limiter.fetch(...call());
    await clock.advance(2_000);
    await (await answer).text();
  }
  return limiter.snapshot().learned;
}

test("what one limiter has learned, the next one knows at once, also by way of JSON", async () => {
  const learned = await taught();
  const [model] = learned.models;
  assert.equal(model.model, "claude-test-1");
  assert.equal(model.answers, 25);
  const before = await reserved(undefined);
  const after = await reserved(learned);
  assert.ok(after.input >= 3_000 && after.input < 4_000, `${after.input}`);
  assert.equal(after.output, 40);
  assert.notDeepEqual(before, after);
  assert.deepEqual(await reserved(JSON.parse(JSON.stringify(learned))), after);
});

test("it holds numbers and names, and nothing of what was asked", async () => {
  const text = JSON.stringify(await taught());
  assert.doesNotMatch(text, /tide|gate opens|api\.example/);
  assert.ok(text.length < 4_000, `${text.length} characters for one model`);
});

test("of another version nothing is taken", async () => {
  const learned = await taught();
  assert.deepEqual(await reserved({ ...learned, version: 2, models: "in another form" }), await reserved(undefined));
});

test("what nobody learned is a wrong option", () => {
  for (const [learned, fix] of [
    [7, "Use what snapshot().learned was."],
    [{}, "Use what snapshot().learned was."],
    [{ version: 1, models: "all" }, "Use a list."],
    [{ version: 1, models: [{ model: 5 }] }, "Use a text."],
  ]) {
    assert.throws(() => createLimiter({ learned }), (error) => {
      assert.ok(error instanceof OptionError);
      assert.ok(error.option.startsWith("learned"), error.option);
      assert.equal(error.fix, fix);
      return true;
    });
  }
});
