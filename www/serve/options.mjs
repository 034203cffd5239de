import { parseArgs } from "node:util";

/** Where the page is found, if that port is free. */
export const USUAL_PORT = 8429;

export const HELP = `Shows the same in a browser: one stream of requests against one simulated API, by plain fetch and through Tidegate.
Builds the page into site/ and serves it on this machine alone, until Ctrl-C.

Usage: cargo xtask demo --web [options]

Options:
  --port <n>          Where to serve it  [default: ${USUAL_PORT}, or any that is free]
  --no-open           Only print the address. The browser is opened where this runs in a terminal, and not on CI
  -h, --help          Print this
`;

/**
 * @returns what was asked for; `port` is undefined where none was.
 * @throws {Error} that names the option that is wrong.
 */
export function readOptions(args) {
  const flag = { type: "boolean", default: false };
  const { values } = parseArgs({
    args,
    options: { port: { type: "string" }, "no-open": flag, help: { ...flag, short: "h" } },
  });
  return { help: values.help, open: !values["no-open"], port: values.port === undefined ? undefined : port(values.port) };
}

function port(text) {
  const number = Number(text);
  if (text.trim() === "" || !Number.isInteger(number) || number < 0 || number > 65_535) {
    throw new Error(`--port ${text}: expected a whole number from 0, which is any that is free, to 65535.`);
  }
  return number;
}
