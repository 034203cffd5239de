import assert from "node:assert/strict";
import { test } from "node:test";
import { createLimiter } from "tidegate";
import { anthropic } from "tidegate/presets";

const GROUPS = {
  "Fable 5 and 5.1": ["claude-fable-5", "claude-fable-5-1", "claude-fable-5-20260601", "claude-fable-5-1-20260801"],
  "Opus 5": ["claude-opus-5", "claude-opus-5-20260601"],
  "Opus 4": ["claude-opus-4-8", "claude-opus-4-7", "claude-opus-4-6", "claude-opus-4-5-20251101", "claude-opus-4-5"],
  "Sonnet 5": ["claude-sonnet-5", "claude-sonnet-5-20260601"],
  "Sonnet 4": ["claude-sonnet-4-6", "claude-sonnet-4-5-20250929"],
  "Haiku 4.5": ["claude-haiku-4-5", "claude-haiku-4-5-20251001"],
  "Haiku 5.5": ["claude-haiku-5-5", "claude-haiku-5-5-20260901"],
};

/** Nothing confirmed is published for these. */
const UNKNOWN = [
  "claude-opus-5-5", "claude-sonnet-5-5", "claude-fable-5-2", "claude-mythos-5", "claude-3-5-haiku-20241022", "claude-opus-6", "gpt-5",
];

for (const tier of Object.values(anthropic)) {
  test(`the published limits of tier ${tier.name} are accepted, and every model counts in its own group`, async () => {
    const limiter = createLimiter({ limits: tier.limits });
    const scopeOf = (model) => {
      const permit = limiter.tryAcquire(1, { model });
      const { name } = limiter.snapshot().scopes.find(({ inFlight }) => inFlight === 1);
      permit.release();
      return name;
    };
    for (const [group, models] of Object.entries(GROUPS)) {
      for (const model of models) assert.equal(scopeOf(model), group, model);
    }
    for (const model of UNKNOWN) assert.equal(Object.hasOwn(GROUPS, scopeOf(model)), false, model);
    assert.match(tier.readOn, /^2026-\d\d-\d\d$/);
    assert.match(tier.source, /^https:\/\/platform\.claude\.com\//);
  });
}

test("the tiers are the published ones", () => {
  const numbers = ({ limits }, group) => [limits[group].rpm, limits[group].itpm, limits[group].otpm];
  assert.deepEqual(numbers(anthropic.start, "Opus 5"), [1_000, 2_000_000, 400_000]);
  assert.deepEqual(numbers(anthropic.build, "Sonnet 4"), [5_000, 5_000_000, 1_000_000]);
  assert.deepEqual(numbers(anthropic.scale, "Haiku 5.5"), [10_000, 10_000_000, 2_000_000]);
  assert.deepEqual(numbers(anthropic.start, "Fable 5 and 5.1"), [1_000, 500_000, 100_000]);
  assert.deepEqual(numbers(anthropic.build, "Fable 5 and 5.1"), [2_000, 1_500_000, 300_000]);
  assert.deepEqual(numbers(anthropic.scale, "Fable 5 and 5.1"), [4_000, 4_000_000, 800_000]);
});
