import { abortedSignal } from "./abort.js";
import { Call } from "./call.js";
import type { Driver } from "./driver.js";
import { type ResolvedHints, resolveHints } from "./hints.js";
import type { Fetch } from "./options.js";
import { OutgoingRequest } from "./request.js";

/** The `fetch` of a limiter or view. `upstream` sends; undefined means the global one, looked up at each attempt. */
export function createFetch(driver: Driver, upstream: Fetch | undefined, hints: ResolvedHints): Fetch {
  return async (input, init) => {
    const request = new OutgoingRequest(input, init);
    const own = request.hints === undefined ? hints : resolveHints(request.hints, hints, "x-tidegate");
    const signals = request.signal === undefined ? own.signals : [request.signal, ...own.signals];
    const aborted = abortedSignal(signals);
    if (aborted !== undefined) throw aborted.reason;
    own.turn?.calls();
    const call = new Call(driver, upstream, request, own);
    return signals.length === 0 ? call.run() : call.runWatched(signals);
  };
}
