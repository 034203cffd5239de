import { checkAmount, type CostRecord } from "./cost.js";
import { OptionError } from "./errors.js";
import type { Priority, ViewHints } from "./hints.js";
import type { HeadersLike } from "./parse.js";

/** The named fields that are present, one `name: value` line each. */
export function headerLines(headers: Headers, names: readonly string[]): string {
  let lines = "";
  for (const name of names) {
    const value = headers.get(name);
    if (value !== null) lines += `${name}: ${value}\n`;
  }
  return lines;
}

/** All fields of a response, one `name: value` line each, but no cookies: they are credentials. */
export function responseHeaderLines(headers: Headers): string {
  let lines = "";
  headers.forEach((value, name) => {
    if (!name.startsWith("set-cookie")) lines += `${name}: ${value}\n`;
  });
  return lines;
}

/**
 * The same of header fields in whatever form they are, also with values that a Headers refuses.
 *
 * @throws {OptionError} for what is not header fields.
 */
export function headerText(headers: HeadersLike): string {
  if (typeof headers !== "object" || headers === null) {
    throw new OptionError("headers", headers, HEADERS_FIX);
  }
  if (headers instanceof Headers) return responseHeaderLines(headers);
  const lines = new Map<string, string>();
  const add = (name: unknown, value: unknown) => {
    if (typeof name !== "string") throw new OptionError("headers", headers, HEADERS_FIX);
    const key = name.toLowerCase();
    if (value === undefined || value === null || key.startsWith("set-cookie")) return;
    // A field is one line, whatever its value holds.
    const text = (Array.isArray(value) ? value.join(", ") : String(value)).replace(/[\r\n]+/g, " ");
    const earlier = lines.get(key);
    lines.set(key, earlier === undefined ? text : `${earlier}, ${text}`);
  };
  if (Symbol.iterator in headers) {
    for (const pair of headers) {
      if (!Array.isArray(pair)) throw new OptionError("headers", headers, HEADERS_FIX);
      add(pair[0], pair[1]);
    }
  } else if (typeof headers.forEach === "function") {
    (headers as Pick<Headers, "forEach">).forEach((value, name) => add(name, value));
  } else {
    for (const [name, value] of Object.entries(headers)) add(name, value);
  }
  let text = "";
  for (const [name, value] of lines) text += `${name.replace(/[\r\n:]+/g, " ")}: ${value}\n`;
  return text;
}

/** Whether any field is a hint for tidegate, which the server must not see. */
export function hasHints(headers: Headers): boolean {
  let found = false;
  headers.forEach((_value, name) => {
    found ||= name.startsWith(HINT_PREFIX);
  });
  return found;
}

/**
 * The hints among the fields.
 *
 * @throws {OptionError} for a hint that does not exist, and for a cost that cannot be. Other values are checked with all
 * other hints.
 */
export function hintsOf(headers: Headers): ViewHints {
  const hints: HeaderHints = {};
  headers.forEach((value, name) => {
    if (!name.startsWith(HINT_PREFIX)) return;
    switch (name) {
      case "x-tidegate-priority":
        hints.priority = priorityOf(value);
        break;
      case "x-tidegate-tenant":
        hints.tenant = value;
        break;
      case "x-tidegate-deadline-ms":
        hints.deadlineMs = numberOf(value);
        break;
      case "x-tidegate-attempt-timeout-ms":
        hints.attemptTimeoutMs = numberOf(value);
        break;
      case "x-tidegate-input-tokens":
        hints.cost = { ...hints.cost, inputTokens: amountOf(name, value) };
        break;
      case "x-tidegate-output-tokens":
        hints.cost = { ...hints.cost, outputTokens: amountOf(name, value) };
        break;
      case "x-tidegate-custom":
        hints.cost = { ...hints.cost, custom: amountOf(name, value) };
        break;
      default:
        throw new OptionError(name, value, `Use ${HINTS.map((hint) => HINT_PREFIX + hint).join(", ")}.`);
    }
  });
  return hints;
}

/** Those hints that can be said in headers. */
interface HeaderHints {
  priority?: Priority;
  tenant?: string;
  deadlineMs?: number;
  attemptTimeoutMs?: number;
  cost?: CostRecord;
}

/** The same headers without hints. */
export function withoutHints(headers: HeadersInit): HeadersInit {
  return filtered(headers, (name) => !isHintHeader(name));
}

/** Those of the headers that also fit a question about the same request: no hint, and nothing about this one body or answer. */
export function forQuestion(headers: HeadersInit): HeadersInit {
  return filtered(headers, (name) => !isHintHeader(name) && !OF_ONE_MESSAGE.includes(name));
}

/** Some of the headers, in the form they had, as some servers of `fetch` read only that form. */
function filtered(headers: HeadersInit, keeps: (name: string) => boolean): HeadersInit {
  if (Array.isArray(headers)) {
    return headers.filter(([name]) => keeps(String(name).toLowerCase()));
  }
  if (typeof (headers as Headers).forEach === "function") {
    const copy = new Headers(headers);
    for (const name of [...copy.keys()]) {
      if (!keeps(name)) copy.delete(name);
    }
    return copy;
  }
  return Object.fromEntries(Object.entries(headers).filter(([name]) => keeps(name.toLowerCase())));
}

/** Whether the field of this name, in lower case, is a hint. */
export function isHintHeader(name: string): boolean {
  return name.startsWith(HINT_PREFIX);
}

/** A number or a name; which ones there are is checked with all other hints. */
function priorityOf(value: string): Priority {
  const number = numberOf(value);
  return Number.isNaN(number) ? (value as Priority) : number;
}

function numberOf(value: string): number {
  return value.trim() === "" ? Number.NaN : Number(value);
}

function amountOf(name: string, value: string): number {
  const amount = numberOf(value);
  checkAmount(amount, name, value);
  return amount;
}

const HINT_PREFIX = "x-tidegate-";

const HINTS: readonly string[] = [
  "priority",
  "tenant",
  "deadline-ms",
  "attempt-timeout-ms",
  "input-tokens",
  "output-tokens",
  "custom",
];

/** RFC 9110 and 9530, and the key by which servers tell a repeated request: a question is another one. */
const OF_ONE_MESSAGE: readonly string[] = [
  "accept",
  "content-digest",
  "content-length",
  "content-md5",
  "digest",
  "expect",
  "idempotency-key",
  "transfer-encoding",
];

const HEADERS_FIX = "Use a Headers, a plain object, or a list of [name, value] pairs.";
