import { ignore } from "./body.js";
import { OptionError } from "./errors.js";

type AnyIterator<T> = Iterator<T | PromiseLike<T>> | AsyncIterator<T | PromiseLike<T>>;

/** Reads the items of an iterable of either kind, one when it is asked for, and tells it when no more are wanted. */
export class Source<T> {
  private readonly iterator: AnyIterator<T>;
  private reading = false;
  private ended = false;

  /** @throws {OptionError} for what cannot be iterated. */
  constructor(items: Iterable<T | PromiseLike<T>> | AsyncIterable<T | PromiseLike<T>>) {
    const { [Symbol.asyncIterator]: inSteps, [Symbol.iterator]: atOnce } = Object(items);
    const begin: (() => AnyIterator<T>) | undefined = inSteps ?? atOnce;
    if (typeof begin !== "function") {
      throw new OptionError("items", items, "Use an iterable, such as an array or a generator, or an async iterable.");
    }
    this.iterator = begin.call(items);
  }

  /** Rejects as the iterator does, which has then ended, or as an item does that is a promise. */
  async next(): Promise<{ done: true } | { done: false; value: T }> {
    this.reading = true;
    try {
      const step = await this.iterator.next();
      if (step.done) {
        this.ended = true;
        return { done: true };
      }
      return { done: false, value: await step.value };
    } catch (error) {
      // An item that is a rejected promise says nothing to the iterator, which others may go on with: it is closed.
      this.reading = false;
      await this.close();
      throw error;
    } finally {
      this.reading = false;
    }
  }

  /** No more items are wanted. Waits for what a generator does in its `finally`, if it is not busy with the next item. Never rejects. */
  async close(): Promise<void> {
    if (this.ended) return;
    this.ended = true;
    try {
      const closing = Promise.resolve(this.iterator.return?.()).catch(ignore);
      if (!this.reading) await closing;
    } catch {
      // It ends for somebody who has the reason already.
    }
  }
}
