import type { Answer } from "./protocol.js";

/** A call that the object knows: it waits, or it is in flight. */
export class Entry {
  readonly id: string;
  /** Else it is a permit. */
  readonly isRequest: boolean;
  /** Undefined between two attempts, where the object was evicted since: the core has forgotten it, and its Worker not. */
  ticket: number | undefined;
  isStarted = false;
  /** How often it has started, so that a word about one attempt is not taken for one about the next. */
  start = 0;
  /** What became of the answer to its last attempt. */
  verdict: number | undefined = undefined;
  /** Until when its Worker has to say something, in milliseconds since 1970. */
  leaseUntil = 0;
  /** Where its Worker waits for an answer. */
  private teller: ((answer: Answer | Promise<Answer>) => void) | undefined;

  constructor(id: string, isRequest: boolean, ticket: number | undefined) {
    this.id = id;
    this.isRequest = isRequest;
    this.ticket = ticket;
  }

  get isAsked(): boolean {
    return this.teller !== undefined;
  }

  /** From now on the Worker waits here. If it waited elsewhere, that connection is dead, or will be ignored. */
  ask(teller: (answer: Answer | Promise<Answer>) => void): void {
    this.tell({ state: "waiting" });
    this.teller = teller;
  }

  /** Answers, if anybody waits. */
  tell(answer: Answer | Promise<Answer>): void {
    this.teller?.(answer);
    this.teller = undefined;
  }

  /** Whether it was there that the Worker waited; now it waits nowhere. */
  leave(teller: (answer: Answer | Promise<Answer>) => void): boolean {
    if (this.teller !== teller) return false;
    this.teller = undefined;
    return true;
  }
}

/** Calls that something happens to after a time that is the same for all of them. */
export class Line {
  private readonly forMs: number;
  private readonly dueAt = new Map<Entry, number>();

  constructor(forMs: number) {
    this.forMs = forMs;
  }

  /** From `now` on; from the beginning, if it was in the line. */
  add(entry: Entry, now: number): void {
    this.dueAt.delete(entry);
    this.dueAt.set(entry, now + this.forMs);
  }

  delete(entry: Entry): void {
    this.dueAt.delete(entry);
  }

  clear(): void {
    this.dueAt.clear();
  }

  /** When the first is due. */
  get first(): number {
    for (const dueAt of this.dueAt.values()) return dueAt;
    return Infinity;
  }

  /** Takes out one that is due. */
  due(now: number): Entry | undefined {
    for (const [entry, dueAt] of this.dueAt) {
      if (dueAt > now) return undefined;
      this.dueAt.delete(entry);
      return entry;
    }
    return undefined;
  }
}
