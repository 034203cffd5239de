import { startWorkers, messagesBody, messagesCall, startUpstream, pause } from "./support.mjs";
const upstream = await startUpstream((_q, response) => { response.writeHead(200, { "content-type": "application/json" }); response.end('{"usage":{"input_tokens":1,"output_tokens":1}}'); });
const workers = await startWorkers({ options: { limits: { default: { concurrency: 500 } } }, upstream: upstream.url });
await workers.snapshot();
const one = async (path, init) => { const t = performance.now(); const r = await fetch(workers.urls.a + path, init); await r.text(); return Math.round(performance.now() - t); };
const row = async (path, init, n = 10) => { const out = []; for (let i = 0; i < n; i++) out.push(await one(path, init)); return out.join(" "); };
import { readFileSync, readdirSync } from "node:fs";
const cpu = () => { for (const p of readdirSync("/proc").filter((n) => /^\d+$/.test(n))) { try { const st = readFileSync(`/proc/${p}/stat`, "utf8"); if (st.includes("(workerd)") && Number(st.split(") ")[1].split(" ")[1]) === process.pid) { const f = st.split(") ")[1].split(" "); return (Number(f[11]) + Number(f[12])) * 10; } } catch {} } };
console.log("estimate ", await row("/estimate?cost=1"));
console.log("snapshot ", await row("/snapshot"));
console.log("hold     ", await row("/hold"));
console.log("messages ", await row("/v1/messages", messagesCall(messagesBody(5))));
for (const n of [20, 100]) { const c = cpu(), pc = process.cpuUsage(); const t = performance.now(); await Promise.all(Array.from({ length: n }, () => one("/v1/messages", messagesCall(messagesBody(5))))); console.log(n, "at once", Math.round(performance.now() - t), "ms; workerd cpu", cpu() - c, "ms; node cpu", process.cpuUsage(pc).user / 1000); }
await workers.close(); await upstream.close();
