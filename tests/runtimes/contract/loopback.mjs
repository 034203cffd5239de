// The loopback server, as the checks see it: one conversation for each, by a name that no other has.
import { Absent } from "./expect.mjs";

/** Makes a check of what only a network shows. */
export function overNetwork(check) {
  return (world) => (world.base === undefined ? new Absent("it is run without a network") : check(world, new Conversation(world.base)));
}

/** What one check and the server have to do with each other. */
class Conversation {
  #base;
  #name = `${Date.now().toString(36)}-${Math.random().toString(36).slice(2)}`;

  constructor(base) {
    this.#base = base;
  }

  /** The address of a route of the server's script. */
  to(route, query = "") {
    return `${this.#base}/${route}?name=${this.#name}${query}`;
  }

  /** The address of the simulated API, and the key by which it knows this conversation. */
  get messages() {
    return `${this.#base}/v1/messages`;
  }

  get apiKey() {
    return `key-${this.#name}`;
  }

  /** Tells the server to go on, past the limiter. */
  async next() {
    await (await fetch(this.to("next"), { method: "POST" })).text();
  }

  /** How many requests of this conversation have come. */
  async arrived() {
    return (await this.#tell("seen")).arrived;
  }

  /** Resolves when the server has a request. */
  async untilArrived() {
    await this.#tell("seen", "&until=arrived");
  }

  /** Resolves when the server has seen that the client left. */
  async untilLeft() {
    await this.#tell("seen", "&until=left");
  }

  /** What the simulator counted for this conversation's key. */
  async counts() {
    const response = await fetch(`${this.#base}/stats`, { headers: { "x-api-key": this.apiKey } });
    return response.json();
  }

  async #tell(route, query) {
    return (await fetch(this.to(route, query))).json();
  }
}
