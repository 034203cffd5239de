// Giving up at any moment, by every way in: a table of ways and one of moments, and each cell of their product a test.
import { test } from "node:test";
import { GivenUp } from "./abort-support.mjs";
import { giveUp, MOMENTS } from "./abort-moments.mjs";

/** Nothing else is this object. */
const REASON = Object.freeze({ name: "the caller's own reason" });

/** Longer than a call takes to any moment, and shorter than whatever happens after it. */
const LONG_MS = 500_000;

/** How a call of fetch is told that nobody wants it any more. */
const WAYS = {
  "init.signal": abortedBy((own) => ({
    init: { signal: own.signal },
    signals: [own.signal],
  })),
  "the signal of a Request": abortedBy((own) => ({ inRequest: own.signal, signals: [own.signal] })),
  "init.signal beside a Request with another": abortedBy((own, other) => ({
    inRequest: other.signal, init: { signal: own.signal }, signals: [own.signal, other.signal],
  })),
  "a view's signal": abortedBy((own) => ({ views: [own.signal], signals: [own.signal] })),
  "a view's signal, of a Request": abortedBy((own, other) => ({
    views: [own.signal], inRequest: other.signal, signals: [own.signal, other.signal],
  })),
  "the outer one of two views' signals": abortedBy((own, other) => ({
    views: [own.signal, other.signal], signals: [own.signal, other.signal],
  })),
  "init.signal beside a view's": abortedBy((own, other) => ({
    views: [other.signal], init: { signal: own.signal }, signals: [own.signal, other.signal],
  })),
  "a view's signal beside init.signal": abortedBy((own, other) => ({
    views: [own.signal], init: { signal: other.signal }, signals: [own.signal, other.signal],
  })),
  "the same signal at all places": abortedBy((own) => ({
    views: [own.signal, own.signal], init: { signal: own.signal }, signals: [own.signal],
  })),
  "all of three signals at once": abortedBy(
    (own, second, third) => ({
      views: [second.signal, third.signal], init: { signal: own.signal }, signals: [own.signal, second.signal, third.signal],
    }),
    { all: true },
  ),
  "init.signal, with a time for each attempt": abortedBy((own) => ({
    timed: true, init: { signal: own.signal }, signals: [own.signal],
  })),
  "the signal of a Request, with a time for each attempt": abortedBy((own) => ({
    timed: true, inRequest: own.signal, signals: [own.signal],
  })),
  "a view's signal, with a time for each attempt": abortedBy((own) => ({
    timed: true, views: [own.signal], signals: [own.signal],
  })),
  "AbortSignal.any": abortedBy((own, other) => {
    const signal = AbortSignal.any([other.signal, own.signal]);
    return { init: { signal }, signals: [signal, own.signal, other.signal] };
  }),
  "AbortSignal.any of a view": abortedBy((own, other) => {
    const signal = AbortSignal.any([other.signal, own.signal]);
    return { views: [signal], signals: [signal, own.signal, other.signal] };
  }),
  "AbortSignal.timeout": abortedInTime((signal) => ({ init: { signal } })),
  "AbortSignal.timeout of a view": abortedInTime((signal) => ({ views: [signal] })),
};

for (const [from, way] of Object.entries(WAYS)) {
  for (const [when, moment] of Object.entries(MOMENTS)) {
    if (way.isSlow && moment.early) continue;
    test(`${from} aborts ${when}`, () => giveUp(way, moment));
  }
}

/** A way in by which `REASON` aborts the first of some controllers, or first the first and then the others. */
function abortedBy(given, { all = false } = {}) {
  return {
    make(world, request) {
      const controllers = [new AbortController(), new AbortController(), new AbortController()];
      return callOf(world, request, given(...controllers), {
        reason: REASON,
        giveUp() {
          controllers[0].abort(REASON);
          if (all) for (const other of controllers.slice(1)) other.abort("not the first");
        },
      });
    },
  };
}

/** A way in by a signal that aborts by itself, in real time: the only one for it. */
function abortedInTime(given) {
  return {
    isSlow: true,
    make(world, request, patienceMs) {
      const signal = AbortSignal.timeout(patienceMs);
      let isAtItsMoment = false;
      return callOf(world, request, { ...given(signal), signals: [signal] }, {
        reason: (error) => error === signal.reason && error.name === "TimeoutError",
        async giveUp() {
          isAtItsMoment = !signal.aborted;
          while (!signal.aborted) await new Promise(setImmediate);
        },
        cameTooSoon: () => signal.aborted && !isAtItsMoment,
      });
    },
  };
}

function callOf(world, request, { timed = false, views = [], inRequest, init, signals }, how) {
  const first = timed ? world.limiter.with({ attemptTimeoutMs: LONG_MS }) : world.limiter;
  const limiter = views.reduce((view, signal) => view.with({ signal }), first);
  const [url, asked] = request(inRequest === undefined ? init : { signal: inRequest });
  const args = inRequest === undefined ? [url, asked] : [new Request(url, asked), init];
  const watched = inRequest === undefined ? signals : [...signals, args[0].signal];
  return new GivenUp({ call: () => limiter.fetch(...args), signals: watched, ...how });
}
