import { isHintHeader } from "./headers.js";
import type { OutgoingRequest } from "./request.js";

/**
 * The Request by which an answer is stored: a GET, as a Cache takes no other, for a URL that holds a hash of the method, the
 * URL, the headers and the body. Credentials are in the hash, so nobody is given another account's answer, and in nothing
 * else. Undefined for a request whose answer must not be stored: its body cannot be read, or it asks for cookies, which
 * nobody here can see.
 */
export async function cacheKey(request: OutgoingRequest): Promise<Request | undefined> {
  if (request.includesCookies) return undefined;
  const body = await request.readBody();
  if (body === undefined) return undefined;
  const parts: string[] = [VERSION, request.method, request.url, body === null ? "none" : typeof body];
  request.headers.forEach((value, name) => {
    if (!isOfOneAttempt(name) && !isHintHeader(name)) parts.push(name, value);
  });
  const text = new TextEncoder();
  const head = text.encode(JSON.stringify(parts));
  const rest = typeof body === "string" ? text.encode(body) : (body ?? new Uint8Array(0));
  const all = new Uint8Array(head.length + rest.length);
  all.set(head);
  all.set(rest, head.length);
  const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", all));
  const hex = Array.from(hash, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return new Request(`https://tidegate.invalid/answers/${hex}`);
}

/** Other each time a program says the same, and of no account for the answer. */
function isOfOneAttempt(name: string): boolean {
  return OF_ONE_ATTEMPT.includes(name) || name.startsWith("x-stainless-");
}

/** Tracing (W3C Trace Context and Baggage, B3 in one field), and names that requests are given. SDKs made by Stainless add the rest. */
const OF_ONE_ATTEMPT: readonly string[] = [
  "b3",
  "baggage",
  "idempotency-key",
  "traceparent",
  "tracestate",
  "x-client-request-id",
  "x-request-id",
];

/** Another one where answers are stored otherwise. */
const VERSION = "tidegate answer 1";
