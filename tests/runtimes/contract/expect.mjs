// Assertions for runtimes that have no `node:assert`.

/** What a check returns where the runtime has no such thing by its nature, with the reason. */
export class Absent {
  constructor(why) {
    this.why = why;
  }
}

export function ok(value, what) {
  if (!value) throw new Error(what);
}

/** By their JSON: what is compared here is plain data. */
export function equal(actual, expected, what) {
  const [is, should] = [actual, expected].map((value) => JSON.stringify(value) ?? String(value));
  if (is !== should) throw new Error(`${what}: ${is} instead of ${should}`);
}

/** @returns what the promise was rejected with. */
export async function failureOf(promise, what) {
  let value;
  try {
    value = await promise;
  } catch (error) {
    return error;
  }
  throw new Error(`${what} was to fail, and gave ${String(value)}`);
}

/** @returns what the function threw. */
export function thrownBy(callback, what) {
  try {
    callback();
  } catch (error) {
    return error;
  }
  throw new Error(`${what} was to throw`);
}
