import { Absent, equal, ok } from "./expect.mjs";

export const readings = {
  "reads: parseRateLimit": ({ tidegate }) => {
    const now = Date.UTC(2026, 0, 1);
    const headers = new Headers({
      "anthropic-ratelimit-requests-limit": "50",
      "anthropic-ratelimit-requests-remaining": "49",
      "anthropic-ratelimit-requests-reset": "2026-01-01T00:00:01Z",
      "retry-after": "3",
    });
    const { kind, retryAfterMs, retryable, limits } = tidegate.parseRateLimit(headers, { status: 429, now });
    equal([kind, retryAfterMs, retryable], ["rate_limit", 3_000, true], "what it means");
    const [{ dimension, limit, remaining, resetAtMs }] = limits;
    equal([dimension, limit, remaining, resetAtMs], ["requests", 50, 49, now + 1_000], "the limit");
    equal(tidegate.parseRateLimit({}).kind, "ok", "what no header means");
  },

  /** Counted by the small tables first, and anew by the large ones once these are imported. */
  "reads: estimateTokens": async ({ tidegate, parts }) => {
    const odd = "qzx wvk jqz ".repeat(100);
    const small = tidegate.estimateTokens(odd, { model: "claude-sonnet-5" });
    ok(small > 100, `more than ${small} model tokens`);
    const { tables } = await parts.tokens();
    equal(tables.length, 4, "tables");
    ok(tidegate.estimateTokens(odd, { model: "claude-sonnet-5" }) > 1.1 * small, "the large tables count otherwise");
  },

  "reads: presets": async ({ tidegate, parts }) => {
    if (parts.presets === undefined) return new Absent("its one file has one entry");
    const { anthropic } = await parts.presets();
    const limiter = tidegate.createLimiter({ limits: anthropic.build.limits });
    limiter.tryAcquire({ inputTokens: 10 }, { model: "claude-sonnet-5" }).release();
    const scope = limiter.snapshot().scopes.find(({ name }) => name === "Sonnet 5");
    equal(scope.limits.map(({ dimension, source }) => [dimension, source]), [
      ["requests", "published"],
      ["input_tokens", "published"],
      ["output_tokens", "published"],
    ], "its limits");
  },
};
