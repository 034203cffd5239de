/**
 * What tidegate needs of Cloudflare's runtime, by shape: whoever has `@cloudflare/workers-types`, or what `wrangler types`
 * writes, hands in theirs, and whoever has neither needs neither.
 */

/** A `DurableObjectState`. */
export interface ObjectState {
  readonly storage: ObjectStorage;
  blockConcurrencyWhile<T>(callback: () => Promise<T>): Promise<T>;
}

/** A `DurableObjectStorage`, on SQLite or not. */
export interface ObjectStorage {
  list<T>(options: { prefix: string }): Promise<Map<string, T>>;
  put(entries: Record<string, unknown>): Promise<void>;
  delete(keys: string[]): Promise<number>;
  getAlarm(): Promise<number | null>;
  setAlarm(at: number): Promise<void>;
  sync(): Promise<void>;
}

/** A `DurableObjectNamespace`: a binding, or a jurisdiction of one. */
export interface ObjectNamespace {
  idFromName(name: string): object;
  get(id: any, options?: any): ObjectStub;
}

/** A `DurableObjectStub`. */
export interface ObjectStub {
  fetch(url: string, init?: any): Promise<Response>;
}

/** An `ExecutionContext`, or anything else that keeps a Worker alive until a promise has settled. */
export interface KeptAlive {
  waitUntil(promise: Promise<unknown>): void;
}
