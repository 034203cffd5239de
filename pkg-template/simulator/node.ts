import { Listener, type Received } from "./listener.js";
import { createOmniscient, type Omniscient, type OmniscientOptions } from "./omniscient.js";
import type { SimulatorOptions } from "./options.js";
import { play } from "./play.js";
import type { Bound, Job, Stats } from "./results.js";
import { Simulation } from "./simulation.js";

export type { Omniscient, OmniscientOptions, OmniscientStep } from "./omniscient.js";
export type { SimulatorOptions } from "./options.js";
export type { Bound, Job, Stats } from "./results.js";

/** A simulated server that listens. */
export interface RunningSimulator {
  /** Its base URL, such as `http://127.0.0.1:40123`, for an SDK's `baseURL`. */
  url: string;
  port: number;
  /** What really happened so far. */
  stats(): Stats;
  /**
   * The least time in which one organisation could get the jobs done, beginning now with nothing used.
   * @param arrivals When each is handed in, in milliseconds from now. Default 0 each.
   */
  bound(jobs: readonly Job[], arrivals?: readonly number[]): Bound;
  /** A scheduler that knows everything, for benchmarks. */
  omniscient(jobs: readonly Job[], options?: OmniscientOptions): Omniscient;
  /** Drops all connections and stops listening. May be called more than once. */
  close(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

/** The options of a simulated server that listens. */
export interface StartOptions extends SimulatorOptions {
  /**
   * The port to listen on; 0 for any that is free.
   * @default 0
   */
  port?: number;
}

/**
 * A simulated API behind a real HTTP server on 127.0.0.1, which speaks HTTP/1.1 and HTTP/2, without TLS.
 *
 * @throws Error that names the option that is wrong, or that says why the port cannot be had.
 */
export async function startSimulator(options: StartOptions = {}): Promise<RunningSimulator> {
  const { port: wantedPort = 0, ...rest } = options;
  const simulation = new Simulation(rest);
  const listener = new Listener((received) => {
    receive(simulation, received).catch(() => received.response.destroy());
  });
  const port = await listener.listen(wantedPort);

  let closing: Promise<void> | undefined;
  const close = (): Promise<void> => {
    closing ??= listener.close();
    return closing;
  };
  return {
    url: `http://127.0.0.1:${port}`,
    port,
    stats: () => simulation.stats(),
    bound: (jobs, arrivals = [], counts = []) => simulation.bound(jobs, arrivals, counts),
    omniscient: (jobs, options = {}) => createOmniscient(simulation, jobs, options),
    close,
    [Symbol.asyncDispose]: close,
  };
}

async function receive(simulation: Simulation, { request, response, lose }: Received): Promise<void> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size <= LARGEST_BODY_BYTES) chunks.push(chunk);
  }
  let lines = "";
  for (let i = 0; i + 1 < request.rawHeaders.length; i += 2) {
    // Those of HTTP/2 that begin with a colon are method and path, and no headers.
    if (request.rawHeaders[i]?.startsWith(":")) continue;
    lines += `${request.rawHeaders[i]}: ${request.rawHeaders[i + 1]}\n`;
  }
  const exchange = simulation.handle(request.method ?? "GET", request.url ?? "/", lines, Buffer.concat(chunks));

  response.sendDate = false;
  const stop = play(simulation, exchange, {
    head: (status, headers) => {
      for (const [name, value] of headers) response.setHeader(name, value);
      response.writeHead(status);
      response.flushHeaders();
    },
    piece: (bytes) => void response.write(bytes),
    complete: () => void response.end(),
    lost: lose,
  });
  // Also after a complete answer, when it no longer does anything.
  response.once("close", stop);
}

/** What is beyond is not kept: the server refuses bodies above 32 MB whatever they say. */
const LARGEST_BODY_BYTES = 34 * 1024 * 1024;
