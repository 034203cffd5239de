import { isWebStream } from "../glue/body.js";
import { isNodeStream } from "./aws-body.js";

/**
 * Ends the body of an answer with the events that the SDK reads from it: when their reader leaves, or one of them is an
 * error. The SDK itself leaves the body as it is (npm:@smithy/core@3.41.0 `getChunkedStream`, read 2026-11-27), and with
 * it the call's place.
 */
export function endWithEvents(output: object | undefined, leave: () => void): void {
  for (const value of Object.values(output ?? {})) {
    if (!isEvents(value)) continue;
    const iterate = value[Symbol.asyncIterator].bind(value);
    Object.defineProperty(value, Symbol.asyncIterator, { value: () => ending(iterate(), leave), configurable: true });
  }
}

function ending(events: AsyncIterator<unknown>, leave: () => void): AsyncIterableIterator<unknown> {
  return {
    async next() {
      try {
        return await events.next();
      } catch (error) {
        leave();
        throw error;
      }
    },
    async return(value) {
      leave();
      await events.return?.();
      return { done: true, value };
    },
    [Symbol.asyncIterator]() {
      return this;
    },
  };
}

/** And not the body itself. */
function isEvents(value: unknown): value is AsyncIterable<unknown> {
  const isIterable = typeof (value as AsyncIterable<unknown> | undefined)?.[Symbol.asyncIterator] === "function";
  return isIterable && !isNodeStream(value) && !isWebStream(value);
}
