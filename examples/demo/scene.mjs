/** The server's options and what Tidegate is told, from the demo's. */
export function sceneOf(options) {
  const { rpm, itpm, otpm, burstMs, seed, faults } = options;
  const simulator = {
    seed,
    limits: { default: { rpm, itpm, otpm, burstMs } },
    organisations: [
      { name: "tidegate", apiKeys: ["key-of-tidegate"] },
      { name: "bare", apiKeys: ["key-of-bare"] },
    ],
    // Faster than models are, so that half a minute holds several hundred answers.
    timing: { firstTokenMs: 250, tokensPerSecond: 400, variation: 0.1 },
    faults: { overloaded: faults / 2, error: faults / 4, drop: faults / 4 },
  };
  const limit = (dimension, amount) => {
    const burst = Math.max(1, Math.floor((amount * burstMs) / 60_000));
    return { dimension, amount, periodMs: 60_000, burst };
  };
  const limits = {
    "claude-*": { limits: [limit("requests", rpm), limit("input_tokens", itpm), limit("output_tokens", otpm)] },
  };
  return { simulator, limits: options.learn ? undefined : limits };
}
