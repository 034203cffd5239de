import { parseArgs } from "node:util";

/** The workloads, each with as many calls as take about half a minute under the default limits. */
const REQUESTS = {
  mixed: 400,
  "input-bound": 200,
  "output-bound": 220,
  "requests-bound": 500,
  "interactive-and-batch": 360,
};
const WORKLOADS = Object.keys(REQUESTS);

/** Small enough to bind within seconds. */
const DEFAULTS = {
  workload: "mixed",
  rpm: "1000",
  itpm: "900000",
  otpm: "180000",
  burst: "5",
  seed: "1",
  faults: "0.02",
};

export const HELP = `Pushes several hundred Messages calls of very different sizes, JSON and streaming, through the real
@anthropic-ai/sdk with Tidegate's fetch, against a simulated Claude API on this machine; and at the same time
the same calls under another API key through the bare SDK with its own retries. No account is needed.

Usage: cargo xtask demo [options]

Options:
  --workload <name>   ${WORKLOADS.slice(0, 3).join(", ")},
                      ${WORKLOADS.slice(3).join(", ")}  [default: ${DEFAULTS.workload}]
  --requests <n>      How many calls  [default: ${WORKLOADS.map((name) => REQUESTS[name]).join(", ")}]
  --rpm <n>           Requests per minute  [default: ${DEFAULTS.rpm}]
  --itpm <n>          Input tokens per minute  [default: ${DEFAULTS.itpm}]
  --otpm <n>          Output tokens per minute  [default: ${DEFAULTS.otpm}]
  --burst <seconds>   How much time's worth of each limit the server lets go at once. The real API's buckets
                      hold up to a minute's worth (60), and then the limits bind only after most of the
                      default workload has passed; with less they bind from the start  [default: ${DEFAULTS.burst}]
  --learn             Tell Tidegate no limits: it learns them from the response headers
  --faults <share>    Share of the calls that go wrong: half are answered 529, the others 500 or with a
                      dropped connection  [default: ${DEFAULTS.faults}]
  --seed <n>          What sizes, speeds and faults are drawn from  [default: ${DEFAULTS.seed}]
  --no-compare        Leave out the bare SDK
  --web               Show it in a browser instead, with options of its own: cargo xtask demo --web --help
  --json              Print the result as JSON and nothing else
  -h, --help          Print this

While it runs, a terminal shows the progress and the level of each limit; anything else gets a line every two
seconds. Ctrl-C ends it with the table of what was done so far.

Exit code: 0 if every call through Tidegate was answered, or was ended by a fault that --faults asked for;
1 if not; 2 for a wrong option; 130 after Ctrl-C.
`;

/** @throws {Error} that names the option that is wrong. */
export function readOptions(args) {
  const text = { type: "string" };
  const flag = { type: "boolean", default: false };
  const withDefaults = Object.fromEntries(Object.entries(DEFAULTS).map(([name, value]) => [name, { ...text, default: value }]));
  const { values } = parseArgs({
    args,
    options: { ...withDefaults, requests: text, learn: flag, json: flag, "no-compare": flag, help: { ...flag, short: "h" } },
  });
  if (!WORKLOADS.includes(values.workload)) {
    throw new Error(`--workload ${values.workload}: expected one of ${WORKLOADS.join(", ")}.`);
  }
  return {
    help: values.help,
    json: values.json,
    learn: values.learn,
    compare: !values["no-compare"],
    workload: values.workload,
    requests: whole("requests", values.requests ?? String(REQUESTS[values.workload]), 1, 100_000),
    rpm: whole("rpm", values.rpm, 1, 1e9),
    itpm: whole("itpm", values.itpm, 1, 1e12),
    otpm: whole("otpm", values.otpm, 1, 1e12),
    burstMs: Math.round(number("burst", values.burst, 0.001, 60) * 1000),
    seed: whole("seed", values.seed, 0, Number.MAX_SAFE_INTEGER),
    faults: number("faults", values.faults, 0, 1),
  };
}

function whole(name, text, least, most) {
  const value = number(name, text, least, most);
  if (!Number.isInteger(value)) throw new Error(`--${name} ${text}: expected a whole number.`);
  return value;
}

function number(name, text, least, most) {
  const value = Number(text);
  if (text.trim() === "" || !(value >= least && value <= most)) {
    throw new Error(`--${name} ${text}: expected a number from ${least} to ${most}.`);
  }
  return value;
}
