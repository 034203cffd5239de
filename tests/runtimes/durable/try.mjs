import { startWorkers, messagesBody, messagesCall } from "./support.mjs";
import { startSimulator } from "tidegate/simulator/node";
const simulator = await startSimulator({ limits: { default: { rpm: 600, itpm: 1e6, otpm: 1e6, burstMs: 1000 } }, timing: { firstTokenMs: 50, tokensPerSecond: 2000 } });
const workers = await startWorkers({ options: { limits: { default: { limits: [{ dimension: "requests", amount: 600, periodMs: 60000, burst: 10 }] } } }, upstream: simulator.url });
console.log(workers.urls);
const t = Date.now();
const rs = await Promise.all(Array.from({ length: 40 }, async (_, i) => {
  const r = await fetch(workers.urls[i % 2 ? "a" : "b"] + "/v1/messages", messagesCall(messagesBody(5)));
  const text = await r.text();
  return r.status + (r.status === 599 ? text : "");
}));
console.log(Date.now() - t, rs.join(" ").slice(0, 500));
console.log(JSON.stringify(simulator.stats()).slice(0, 600));
console.log(JSON.stringify(await workers.snapshot()).slice(0, 300));
console.log(await workers.alarm());
await workers.close(); await simulator.close();
