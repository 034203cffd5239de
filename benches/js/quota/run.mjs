// One run: a server and its clients, each a process of its own, started at one instant and ended by a hard stop at last.
import { fork } from "node:child_process";
import { once } from "node:events";
import { CALLERS } from "./callers.mjs";
import { unixNow } from "./clock.mjs";
import { figuresOf } from "./score.mjs";

/**
 * Lets one caller do one workload, and returns its figures.
 *
 * @param workload As `workloadOf` made it from `how`.
 * @param stop After how many times the bound whatever runs is given up.
 */
export async function runOf({ workload, how, caller, stop }) {
  // Who knows the server's truth is where the server is, and still sends over loopback.
  const inside = CALLERS[caller].insideServer === true;
  const server = await started("server.mjs");
  const clients = await Promise.all(Array.from({ length: inside ? 0 : workload.processes }, () => started("client.mjs")));
  const programs = inside ? [server] : clients;
  try {
    const { url: rehearsalUrl } = server.greeting;
    const task = { workload: { name: workload.name, ...how, count: workload.jobs.length }, caller, rehearsalUrl };
    await all(programs, (program, only) => program.ask("prepare", { ...task, only: inside ? undefined : only }));

    const startAt = Math.ceil(unixNow()) + LEAD_MS;
    const { url } = await server.ask("start", { options: workload.server, startAt });
    const ended = all(programs, (program) => program.ask("run", { url, startAt }));
    const stopAfterMs = workload.boundMs * stop;
    const stopped = await Promise.race([ended.then(() => false), after(startAt - unixNow() + stopAfterMs).then(() => true)]);
    ended.catch(() => {});

    const results = (await all(programs, (program) => program.ask("results"))).flatMap(({ results }) => results);
    const { stats } = await server.ask("stats");
    const of = (process) => ({
      total: workload.jobs.filter((job) => job.process === process).length,
      results: results.filter(({ index }) => workload.jobs[index].process === process),
    });
    return figuresOf({
      total: workload.jobs.length,
      boundMs: workload.boundMs,
      processes: Array.from({ length: workload.processes }, (_, process) => of(process)),
      ...truthOf(stats),
      stoppedAtMs: stopped ? stopAfterMs : undefined,
    });
  } finally {
    for (const child of [server, ...clients]) child.end();
  }
}

/** What the server counted, over all groups of models. */
function truthOf(stats) {
  const groups = stats.organisations.flatMap((organisation) => organisation.groups);
  const sum = (field) => groups.reduce((total, group) => total + group.counts[field], 0);
  return {
    counts: { requests: sum("requests"), served: sum("served"), refused: sum("refused") },
    paidAtMs: Math.max(0, ...groups.flatMap(({ limits }) => limits.map((limit) => limit.paidAtMs))),
  };
}

/** A process that answers what it is asked, once it says that it is ready. */
async function started(script) {
  const child = fork(new URL(script, import.meta.url), { execArgv: ["--expose-gc", "--no-warnings"] });
  const waiting = new Map();
  child.on("message", ({ ask, ...answer }) => waiting.get(ask)?.resolve(answer));
  const gone = once(child, "exit").then(([code, signal]) => {
    const error = new Error(`${script} ended: ${signal ?? code}`);
    for (const { reject } of waiting.values()) reject(error);
  });
  const expect = (name) => new Promise((resolve, reject) => waiting.set(name, { resolve, reject }));
  const greeting = await expect("ready");
  return {
    greeting,
    ask(name, details = {}) {
      const answer = expect(name);
      child.send({ ask: name, ...details });
      return answer;
    },
    end() {
      if (child.connected) child.disconnect();
      const kill = setTimeout(() => child.kill("SIGKILL"), PATIENCE_MS);
      gone.then(() => clearTimeout(kill));
    },
  };
}

const all = (children, ask) => Promise.all(children.map(ask));

function after(ms) {
  return new Promise((resolve) => setTimeout(resolve, ms).unref());
}

/** Long enough for everybody to have been told of the start. */
const LEAD_MS = 300;
/** A process that has been let go and does not end is ended. */
const PATIENCE_MS = 2_000;
