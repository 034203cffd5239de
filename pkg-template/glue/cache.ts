import { abortedSignal, AbortWatch } from "./abort.js";
import { ignore } from "./body.js";
import type { ResolvedCache } from "./cache-hint.js";
import { cacheKey } from "./cache-key.js";
import type { Driver } from "./driver.js";
import { keptAnswer, STORED_AT } from "./kept.js";
import { watchedResponse } from "./observe.js";
import type { OutgoingRequest } from "./request.js";
import { withOrigin } from "./response.js";

/** The answer that the store has of this request; else that of the call, which is then put there. */
export async function throughCache(
  driver: Driver,
  cache: ResolvedCache,
  request: OutgoingRequest,
  signals: readonly AbortSignal[],
  call: () => Promise<Response>,
): Promise<Response> {
  const found = await unlessAborted(signals, look(driver, cache, request));
  const aborted = abortedSignal(signals);
  if (aborted !== undefined) throw aborted.reason;
  if (found.answer !== undefined) {
    request.done();
    const watch = signals.length === 0 ? undefined : new AbortWatch(signals, { abort: ignore });
    return watchedResponse(driver, found.answer, watch);
  }
  const response = await call();
  return found.key === undefined ? response : keptAnswer(driver, cache, found.key, response);
}

/** What the store said: an answer, or the key to put one by. */
interface Found {
  readonly key: Request | undefined;
  readonly answer?: Response;
}

/** Never rejects: a store that fails, or takes too long, has nothing. */
async function look(driver: Driver, cache: ResolvedCache, request: OutgoingRequest): Promise<Found> {
  let key: Request | undefined;
  try {
    key = await cacheKey(request);
    if (key === undefined) return { key };
    const stored = await inTime(driver, cache.store.match(key));
    if (stored === undefined || !isFresh(stored, cache, driver.clock.wallNow())) return { key };
    return { key, answer: asAnswered(stored, request) };
  } catch (error) {
    driver.events.emit({ type: "cache-failed", during: "match", error });
    return { key };
  }
}

function inTime(driver: Driver, matching: Promise<Response | undefined>): Promise<Response | undefined> {
  const { clock } = driver;
  return new Promise((resolve, reject) => {
    const late = () => reject(new Error(`the store of answers did not say within ${MAX_MATCH_MS} ms what it has`));
    const timer = clock.setTimer(late, MAX_MATCH_MS);
    Promise.resolve(matching)
      .then(resolve, reject)
      .finally(() => clock.clearTimer(timer));
  });
}

function isFresh(stored: Response, { maxAgeMs }: ResolvedCache, wallNow: number): boolean {
  if (stored.status !== 200) return false;
  if (maxAgeMs === undefined) return true;
  const ageMs = wallNow - Number(stored.headers.get(STORED_AT) ?? Number.NaN);
  // A wall clock that was set back makes an answer that is from tomorrow.
  return ageMs >= 0 && ageMs < maxAgeMs;
}

/** As the server would give it: for this URL, and without what was noted for the store. */
function asAnswered(stored: Response, request: OutgoingRequest): Response {
  const headers = new Headers(stored.headers);
  headers.delete(STORED_AT);
  const copy = new Response(stored.body, { status: stored.status, statusText: "OK", headers });
  return withOrigin(copy, { url: request.absoluteUrl, redirected: false, type: "default" });
}

/** As the promise, which never rejects; or at once, when the caller gives up. */
function unlessAborted<T>(signals: readonly AbortSignal[], promise: Promise<T>): Promise<T> {
  if (signals.length === 0) return promise;
  return new Promise((resolve, reject) => {
    const watch = new AbortWatch(signals, { abort: reject });
    void promise.then((value) => {
      watch.stop();
      resolve(value);
    });
  });
}

/** A store is there to save time: one that takes longer is passed over. */
const MAX_MATCH_MS = 2000;
