// Preloaded before a printed program: its global fetch reaches a simulated API, and its exit tells what that API saw.
import { writeSync } from "node:fs";
import { createSimulator } from "tidegate/simulator";

const { limits, outputTokens } = JSON.parse(process.env.SIMULATED_SCENE);
const simulator = createSimulator({
  limits: { default: limits },
  timing: { firstTokenMs: 20, tokensPerSecond: 20_000, variation: 0 },
});
const prompts = [];

globalThis.fetch = async (input, init) => {
  const request = new Request(input, init);
  const body = await request.text();
  prompts.push(/(?:Question|Prompt) \d+/.exec(body)?.[0]);
  const headers = new Headers(request.headers);
  headers.set("x-simulate-output-tokens", String(outputTokens));
  return simulator.fetch(request.url, { method: request.method, headers, body, signal: request.signal });
};

process.on("exit", () => {
  const groups = simulator.stats().organisations.flatMap((organisation) => organisation.groups);
  writeSync(3, JSON.stringify({ prompts, groups }));
});
