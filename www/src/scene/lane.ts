import type { Fetch } from "../simulator.js";
import type { VirtualClock } from "./clock.js";
import { LaneLog } from "./log.js";
import type { Request } from "./workload.js";

/** How a program gets one answer over a network: what comes is what its caller sees. */
export type Program = (network: Fetch) => (url: string, init: RequestInit, request: Request) => Promise<Response>;

/** What happens around a lane. */
export interface Surroundings {
  readonly clock: VirtualClock;
  readonly server: Fetch;
  readonly requests: readonly Request[];
  /** The body of a request, by its number. */
  body(id: number): string;
}

/** One of the two lanes: the whole stream of requests, handed to one way of asking. */
export class Lane {
  readonly log = new LaneLog();
  readonly #around: Surroundings;
  readonly #apiKey: string;
  readonly #ask: ReturnType<Program>;

  constructor(around: Surroundings, apiKey: string, program: Program) {
    this.#around = around;
    this.#apiKey = apiKey;
    this.#ask = program((input, init) => this.#attempt(input, init));
  }

  /** Runs until the last request has ended. */
  async run(): Promise<void> {
    const { clock, requests } = this.#around;
    const ended: Promise<void>[] = [];
    for (const [id, request] of requests.entries()) {
      const wait = request.atMs - clock.now();
      if (wait > 0) await clock.sleep(wait);
      ended.push(this.#handle(id, request));
    }
    await Promise.all(ended);
    this.log.ended(clock.now());
  }

  async #handle(id: number, request: Request): Promise<void> {
    const { clock, body } = this.#around;
    this.log.handed(id, clock.now());
    const headers = {
      "content-type": "application/json",
      "x-api-key": this.#apiKey,
      "anthropic-version": "2023-06-01",
      "x-simulate-output-tokens": String(request.job.outputTokens),
      [ID_HEADER]: String(id),
    };
    const response = await this.#ask(MESSAGES, { method: "POST", headers, body: body(id) }, request).catch(() => undefined);
    if (!response?.ok) return this.log.failed(id, request.kind);
    await response.arrayBuffer();
    this.log.done(id, request.kind, clock.now());
  }

  /** The network of the program, with somebody who looks on. */
  async #attempt(input: string | URL | globalThis.Request, init?: RequestInit): Promise<Response> {
    const { server, requests } = this.#around;
    const id = Number(new Headers(init?.headers).get(ID_HEADER));
    const inputTokens = requests[id]?.job.inputTokens ?? 0;
    this.log.sent(id);
    const response = await server(input, init).catch((error: unknown) => {
      this.log.turnedAway(id, false, inputTokens);
      throw error;
    });
    if (!response.ok) this.log.turnedAway(id, response.status === 429, inputTokens);
    return response;
  }
}

const MESSAGES = "https://api.anthropic.com/v1/messages";
/** The simulator and the page know a request by it. */
const ID_HEADER = "x-simulate-job";
