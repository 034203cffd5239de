/**
 * The URL of a request as the object may see it: user name, password and fragment are taken off, and of the query the
 * names are left, as some APIs are called with their key in it. The form that an answer is asked for in is no secret, and
 * the core knows it.
 */
export function shownUrl(url: string): string {
  const [beforeFragment = ""] = url.split("#", 1);
  const at = beforeFragment.indexOf("?");
  const place = (at < 0 ? beforeFragment : beforeFragment.slice(0, at)).replace(/^([a-z][a-z0-9+.-]*:\/\/)[^/]*@/i, "$1");
  return at < 0 ? place : `${place}?${pairsOf(beforeFragment).map(shownPair).join("&")}`;
}

/** What the core made of a URL that it saw as {@link shownUrl}, with the values of the request's own. */
export function restoredUrl(shown: string, own: string): string {
  const [place = ""] = shown.split("?", 1);
  const owned = pairsOf(own.split("#", 1)[0] ?? "");
  const pairs = pairsOf(shown).map((pair) => owned.find((other) => shownPair(other) === pair) ?? pair);
  const credentials = /^[a-z][a-z0-9+.-]*:\/\/([^/?#]*@)/i.exec(own)?.[1] ?? "";
  const full = place.replace("://", `://${credentials}`);
  return pairs.length === 0 ? full : `${full}?${pairs.join("&")}`;
}

function pairsOf(url: string): string[] {
  const at = url.indexOf("?");
  return at < 0 ? [] : url.slice(at + 1).split("&").filter((pair) => pair !== "");
}

function shownPair(pair: string): string {
  const [name = ""] = pair.split("=", 1);
  return pair === STREAMED || !pair.includes("=") ? pair : `${name}=`;
}

/** Gemini's streams. */
const STREAMED = "alt=sse";
