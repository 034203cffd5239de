/** What to do when the caller gives up. */
export interface AbortHandler {
  abort(reason: unknown): void;
}

/** One call's interest in some signals. It ends with the first abort or with {@link stop}. */
export class AbortWatch {
  private handler: AbortHandler | undefined;
  private readonly signals: readonly AbortSignal[];

  constructor(signals: readonly AbortSignal[], handler: AbortHandler) {
    this.signals = signals;
    this.handler = handler;
    for (const signal of signals) hubOf(signal).add(this);
  }

  /** Hands the interest over: from here on `handler` is told. */
  redirect(handler: AbortHandler): void {
    if (this.handler !== undefined) this.handler = handler;
  }

  /** Leaves nothing behind on any signal. Harmless when repeated. */
  stop(): void {
    if (this.handler === undefined) return;
    this.handler = undefined;
    for (const signal of this.signals) hubOf(signal).remove(this);
  }

  /** @internal */
  fire(reason: unknown): void {
    const { handler } = this;
    this.stop();
    handler?.abort(reason);
  }
}

/** The first signal that has aborted already. */
export function abortedSignal(signals: readonly AbortSignal[]): AbortSignal | undefined {
  return signals.find((signal) => signal.aborted);
}

/**
 * The one listener that tidegate has on a signal, for all calls that watch it: adding a listener takes time that
 * grows with the number of listeners, and a signal may serve every request of a program.
 */
class SignalHub {
  private readonly watches = new Set<AbortWatch>();
  private readonly signal: AbortSignal;

  constructor(signal: AbortSignal) {
    this.signal = signal;
  }

  add(watch: AbortWatch): void {
    if (this.watches.size === 0) this.signal.addEventListener("abort", this);
    this.watches.add(watch);
  }

  remove(watch: AbortWatch): void {
    if (this.watches.delete(watch) && this.watches.size === 0) {
      this.signal.removeEventListener("abort", this);
    }
  }

  handleEvent(): void {
    for (const watch of [...this.watches]) watch.fire(this.signal.reason);
  }
}

const hubs = new WeakMap<AbortSignal, SignalHub>();

function hubOf(signal: AbortSignal): SignalHub {
  let hub = hubs.get(signal);
  if (hub === undefined) {
    hub = new SignalHub(signal);
    hubs.set(signal, hub);
  }
  return hub;
}
