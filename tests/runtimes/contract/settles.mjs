import { VirtualClock } from "./clock.mjs";
import { equal } from "./expect.mjs";
import { overNetwork } from "./loopback.mjs";
import { messagesAnswer, messagesCall, upstream } from "./scripted.mjs";

export const settles = {
  /** By the usage in the answers, to the token: a window gives nothing back before its end. */
  "settles: by usage": async ({ tidegate }) => {
    const clock = new VirtualClock();
    const fetch = upstream(clock, () => messagesAnswer({}, { input_tokens: 11, output_tokens: 3 }));
    const window = (dimension, amount) => ({ dimension, amount, periodMs: 86_400_000, enforcement: "fixed-window" });
    const limits = [window("requests", 100), window("input_tokens", 10_000), window("output_tokens", 5_000)];
    const limiter = tidegate.createLimiter({ limits: { default: { limits } }, fetch, clock, seed: 1 });
    const calls = Array.from({ length: 10 }, async () => (await limiter.fetch(...messagesCall())).text());
    await clock.advance(60_000);
    await Promise.all(calls);
    const { inFlight, waiting, scopes } = limiter.snapshot();
    equal([inFlight, waiting], [0, 0], "in flight, waiting");
    const left = scopes[0].limits.map(({ dimension, available }) => [dimension, available]);
    equal(left, [["requests", 90], ["input_tokens", 10_000 - 110], ["output_tokens", 5_000 - 30]], "what is left");
  },

  /** The simulator counts what it served, and the limiter what it was served. */
  "settles: as the server": overNetwork(async ({ tidegate }, talk) => {
    const limiter = tidegate.createLimiter();
    const headers = { "x-api-key": talk.apiKey };
    const call = async () => {
      const response = await limiter.fetch(...messagesCall(talk.messages, { headers, body: { model: "claude-sonnet-5" } }));
      return (await response.json()).usage;
    };
    const usages = await Promise.all(Array.from({ length: 12 }, call));
    const outputTokens = usages.reduce((sum, usage) => sum + usage.output_tokens, 0);
    const { inFlight, waiting, learned } = limiter.snapshot();
    equal([inFlight, waiting, learned.models[0].answers], [0, 0, 12], "in flight, waiting, answers learned from");
    const { served, refused, outputTokens: written } = await talk.counts();
    equal({ served, refused, written }, { served: 12, refused: 0, written: outputTokens }, "what the server counted");
  }),
};
