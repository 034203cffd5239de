import { play } from "./play.js";
import type { Simulation } from "./simulation.js";

/** `fetch`'s signature, without what runtimes add to it. */
export type Fetch = (input: string | URL | Request, init?: RequestInit) => Promise<Response>;

/** A `fetch` that reaches the simulated server, whatever the host of the URL. */
export function createFetch(simulation: Simulation): Fetch {
  return async (input, init) => {
    const signal = init?.signal ?? (input instanceof Request ? input.signal : undefined);
    signal?.throwIfAborted();
    const { method, url, headers, body } = await read(input, init);
    signal?.throwIfAborted();
    const { pathname, search } = new URL(url, "https://simulator.invalid");
    let lines = "";
    headers.forEach((value, name) => {
      lines += `${name}: ${value}\n`;
    });
    return respond(simulation, simulation.handle(method, pathname + search, lines, body), signal);
  };
}

function respond(
  simulation: Simulation,
  exchange: ReturnType<Simulation["handle"]>,
  signal: AbortSignal | undefined,
): Promise<Response> {
  return new Promise((resolve, reject) => {
    let controller: ReadableStreamDefaultController<Uint8Array> | undefined;
    const fail = (reason: unknown): void => {
      signal?.removeEventListener("abort", abort);
      if (controller === undefined) reject(reason);
      else controller.error(reason);
    };
    const abort = (): void => {
      stop();
      fail(signal?.reason);
    };
    // Registered first: playing may end at once.
    signal?.addEventListener("abort", abort);
    const stop = play(simulation, exchange, {
      head: (status, headers) => {
        const body = new ReadableStream<Uint8Array>({
          start: (started) => {
            controller = started;
          },
          cancel: () => {
            signal?.removeEventListener("abort", abort);
            stop();
          },
        });
        resolve(new Response(body, { status, headers }));
      },
      piece: (bytes) => controller?.enqueue(bytes),
      complete: () => {
        signal?.removeEventListener("abort", abort);
        controller?.close();
      },
      // What a runtime's own fetch throws, with the cause that Node gives it.
      lost: () => fail(new TypeError("fetch failed", { cause: Object.assign(new Error("read ECONNRESET"), { code: "ECONNRESET" }) })),
    });
  });
}

interface Read {
  method: string;
  url: string;
  headers: Headers;
  body: Uint8Array;
}

async function read(input: string | URL | Request, init: RequestInit | undefined): Promise<Read> {
  const body = init?.body;
  if (!(input instanceof Request) && (typeof body === "string" || body === undefined || body === null)) {
    // Text needs no waiting, so that requests arrive in the order in which they were made.
    const method = (init?.method ?? "GET").toUpperCase();
    return { method, url: String(input), headers: new Headers(init?.headers), body: encoder.encode(body ?? "") };
  }
  const request = new Request(input, init);
  const bytes = new Uint8Array(await request.arrayBuffer());
  return { method: request.method, url: request.url, headers: request.headers, body: bytes };
}

const encoder = new TextEncoder();
