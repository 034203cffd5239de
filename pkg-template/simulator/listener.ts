import { createServer as createHttp1, type IncomingMessage, type ServerResponse } from "node:http";
import { constants, createServer as createHttp2 } from "node:http2";
import { type AddressInfo, createServer, type Socket } from "node:net";

/** A request by HTTP/1.1 or HTTP/2, with the answer to it: Node has made what is used of the two alike. */
export interface Received {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  /** Loses the connection, or what of it carries this answer. */
  lose(): void;
}

/** A port where both versions are spoken, each as its client begins: the SDK of AWS speaks HTTP/2 to Bedrock unasked. */
export class Listener {
  readonly #server = createServer();
  readonly #sockets = new Set<Socket>();

  constructor(receive: (received: Received) => void) {
    const http1 = createHttp1((request, response) => {
      receive({ request, response, lose: () => void response.socket?.resetAndDestroy() });
    });
    // Answers may take as long as they are planned to, and a connection that idles is not closed under a request.
    http1.requestTimeout = 0;
    http1.keepAliveTimeout = 0;
    const http2 = createHttp2((request, response) => {
      const lose = (): void => response.stream.close(constants.NGHTTP2_INTERNAL_ERROR);
      const alike: unknown = { request, response, lose };
      receive(alike as Received);
    });
    // A client that leaves in the middle is no matter of the server.
    http2.on("sessionError", () => {});
    this.#server.on("connection", (socket) => {
      this.#sockets.add(socket);
      socket.once("close", () => this.#sockets.delete(socket));
      socket.on("error", () => socket.destroy());
      socket.once("data", (start) => {
        socket.pause();
        socket.unshift(start);
        const server = start.subarray(0, PREFACE.length).equals(PREFACE) ? http2 : http1;
        server.emit("connection", socket);
        // What was put back is read by whoever has the connection now.
        if (server === http1) socket.resume();
      });
    });
  }

  /** @returns the port. */
  async listen(port: number): Promise<number> {
    await new Promise<void>((resolve, reject) => {
      this.#server.once("error", reject);
      this.#server.listen(port, "127.0.0.1", resolve);
    });
    return (this.#server.address() as AddressInfo).port;
  }

  close(): Promise<void> {
    return new Promise((resolve) => {
      this.#server.close(() => resolve());
      for (const socket of this.#sockets) socket.destroy();
    });
  }
}

/** How every connection of HTTP/2 begins (RFC 9113 §3.4). No method of HTTP/1.1 is called so. */
const PREFACE = Buffer.from("PRI");
