import type { ObjectStorage } from "./runtime.js";

/**
 * What outlives the object: one text, in pieces that every kind of storage takes.
 *
 * Saves are put together: while one is being written, everything that happens is for the next. So however much happens,
 * there is one save in the time that one takes, and whoever waits for {@link commit} waits for two at most.
 */
export class Store {
  private readonly storage: ObjectStorage;
  private readonly state: () => { readonly text: string; readonly wakeAt: number | undefined };
  private last: Promise<void> = Promise.resolve();
  private next: Promise<void> | undefined;
  /** How many pieces are there. */
  private pieces = 0;
  private alarmAt: number | undefined;

  /** @param state what to keep, and when to be called by `alarm`, in milliseconds since 1970; undefined for never. */
  constructor(storage: ObjectStorage, state: () => { readonly text: string; readonly wakeAt: number | undefined }) {
    this.storage = storage;
    this.state = state;
  }

  /** What was kept last; undefined where nothing was, or not all of it is there. */
  async load(): Promise<string | undefined> {
    const [kept, alarmAt] = await Promise.all([
      this.storage.list<unknown>({ prefix: PREFIX }),
      this.storage.getAlarm(),
    ]);
    this.alarmAt = alarmAt ?? undefined;
    this.pieces = kept.size;
    const [, count, first] = /^(\d+)\n([^]*)$/.exec(String(kept.get(keyOf(0)))) ?? [];
    let text = first;
    for (let index = 1; index < Number(count); index += 1) {
      const piece = kept.get(keyOf(index));
      if (typeof piece !== "string") return undefined;
      text += piece;
    }
    return text;
  }

  /** Resolves when all that has happened until now is kept. Rejects where the storage fails; the runtime then ends the object. */
  commit(): Promise<void> {
    this.next ??= this.last.then(() => {
      this.next = undefined;
      const written = this.write();
      this.last = written.catch(() => undefined);
      return written;
    });
    return this.next;
  }

  /** The alarm has gone off: there is none any more. */
  alarmed(): void {
    this.alarmAt = undefined;
  }

  private async write(): Promise<void> {
    const { storage } = this;
    const { text, wakeAt } = this.state();
    const count = Math.max(Math.ceil(text.length / PIECE), 1);
    const superfluous: string[] = [];
    for (let index = count; index < this.pieces; index += 1) superfluous.push(keyOf(index));
    // All of it in one turn, so that the storage takes all or nothing.
    const writes: Promise<unknown>[] = [];
    for (let begin = 0; begin < count; begin += PIECES_A_WRITE) {
      const entries: Record<string, string> = {};
      for (let index = begin; index < Math.min(begin + PIECES_A_WRITE, count); index += 1) {
        const piece = text.slice(index * PIECE, (index + 1) * PIECE);
        entries[keyOf(index)] = index === 0 ? `${count}\n${piece}` : piece;
      }
      writes.push(storage.put(entries));
    }
    for (let begin = 0; begin < superfluous.length; begin += PIECES_A_WRITE) {
      writes.push(storage.delete(superfluous.slice(begin, begin + PIECES_A_WRITE)));
    }
    this.pieces = count;
    // An alarm that comes too early finds nothing to do, and costs less than moving it with every call.
    if (wakeAt !== undefined && (this.alarmAt === undefined || wakeAt < this.alarmAt)) {
      this.alarmAt = wakeAt;
      writes.push(storage.setAlarm(wakeAt));
    }
    await Promise.all(writes);
    await storage.sync();
  }
}

function keyOf(index: number): string {
  return PREFIX + index;
}

const PREFIX = "tidegate/";

/**
 * Characters of a piece: a value has 128 KiB at most where the storage is not SQLite, and there two bytes a character
 * (Durable Objects' limits, read 2026-11-27). Most names are ASCII.
 */
const PIECE = 60_000;

/** Pairs in one `put`, and keys in one `delete`: the most that the storage takes (read 2026-11-27). */
const PIECES_A_WRITE = 128;
