// A short run against a server with plenty of everything, so that nobody is measured while code is being compiled.

export const WARM_UP = {
  server: {
    limits: { default: { rpm: 1_000_000, itpm: 1_000_000_000, otpm: 1_000_000_000, tpm: 1_000_000_000 } },
    timing: { firstTokenMs: 2, tokensPerSecond: 100_000, refusalMs: 1 },
  },
  calls: 60,
};
