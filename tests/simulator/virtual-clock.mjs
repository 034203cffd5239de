/** A clock that stands still until it is told to run, and then jumps from timer to timer. */
export class VirtualClock {
  #now = 0;
  #timers = new Map();
  #ids = 0;

  now = () => this.#now;
  setTimer = (fire, delayMs) => {
    this.#timers.set(++this.#ids, { at: this.#now + delayMs, fire });
    return this.#ids;
  };
  clearTimer = (id) => void this.#timers.delete(id);

  /** How many timers wait. */
  get pending() {
    return this.#timers.size;
  }

  /** Runs timers until the promise has settled, and returns what it settled with. */
  async run(promise) {
    let settled = false;
    const watched = Promise.resolve(promise).finally(() => (settled = true));
    watched.catch(() => {});
    for (;;) {
      await new Promise((resolve) => setImmediate(resolve));
      if (settled) return watched;
      const next = [...this.#timers].sort(([a, one], [b, other]) => one.at - other.at || a - b)[0];
      if (next === undefined) throw new Error("nothing will happen any more");
      this.#timers.delete(next[0]);
      this.#now = Math.max(this.#now, next[1].at);
      next[1].fire();
    }
  }
}
