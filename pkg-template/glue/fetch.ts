import { abortedSignal } from "./abort.js";
import { throughCache } from "./cache.js";
import { Call } from "./call.js";
import { shareAnswer } from "./dedupe.js";
import type { Driver } from "./driver.js";
import { type ResolvedHints, resolveHints } from "./hints.js";
import type { Fetch } from "./options.js";
import { OutgoingRequest } from "./request.js";

/** One way to get an answer, given up by the signals: the request's own and those of the hints. */
export type Send = (
  request: OutgoingRequest,
  hints: ResolvedHints,
  signals: readonly AbortSignal[],
) => Promise<Response>;

/** The `fetch` of a limiter or view. `upstream` sends; undefined means the global one, looked up at each attempt. */
export function createFetch(driver: Driver, upstream: Fetch | undefined, hints: ResolvedHints): Fetch {
  const call: Send = (request, own, signals) => {
    const made = new Call(driver, upstream, request, own);
    return signals.length === 0 ? made.run() : made.runWatched(signals);
  };
  const cached: Send = (request, own, signals) =>
    own.cache === undefined || own.cache === false
      ? call(request, own, signals)
      : throughCache(driver, own.cache, request, signals, () => call(request, own, signals));
  return async (input, init) => {
    const request = new OutgoingRequest(input, init);
    const around = driver.context.over(hints);
    const own = request.hints === undefined ? around : resolveHints(request.hints, around, "x-tidegate");
    const signals = request.signal === undefined ? own.signals : [request.signal, ...own.signals];
    const aborted = abortedSignal(signals);
    if (aborted !== undefined) throw aborted.reason;
    own.turn?.calls();
    // One answer is looked for, and kept, for all that share it.
    return own.dedupe ? shareAnswer(driver, request, own, signals, cached) : cached(request, own, signals);
  };
}
