import { isCredential } from "./credentials.js";
import { type Field, type Pasted, statusIn } from "./pasted.js";

/**
 * Reads headers from JSON: an object of them, a list of pairs or of `{ name, value }`, or an object that has them as
 * `headers`, with `status` and `body` beside it. Undefined if the text is no JSON, or no object.
 */
export function readJson(text: string): Omit<Pasted, "isCut"> | undefined {
  if (!/^\s*[[{]/.test(text)) return undefined;
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (!isObject(value)) return undefined;
  const response = responseIn(value);
  const dropped = new Set<string>();
  const headers: Field[] = [];
  for (const [name, field] of fieldsIn(response)) {
    if (isCredential(name)) dropped.add(name.toLowerCase());
    else headers.push([name, field]);
  }
  return { status: statusOf(response), headers, body: bodyOf(response), dropped: [...dropped] };
}

/** The object that has the headers: what was given, or what it has by a name that says so. */
function responseIn(value: object): object {
  for (const [name, member] of Object.entries(value)) {
    if (isObject(member) && /^response(?: headers\b|$)/i.test(name)) return member;
  }
  return value;
}

function* fieldsIn(response: object): Iterable<Field> {
  const headers = "headers" in response && isObject(response.headers) ? response.headers : response;
  const entries: readonly unknown[] = Array.isArray(headers) ? headers : Object.entries(headers);
  for (const entry of entries) {
    const [name, value] = pairOf(entry);
    if (typeof name !== "string" || (headers === response && ABOUT.includes(name))) continue;
    const text = Array.isArray(value) ? value.filter(isPlain).join(", ") : value;
    if (isPlain(text)) yield [name, String(text)];
  }
}

function pairOf(entry: unknown): readonly unknown[] {
  if (Array.isArray(entry)) return entry;
  return isObject(entry) && "name" in entry && "value" in entry ? [entry.name, entry.value] : [];
}

function statusOf(response: object): number | undefined {
  if (!("status" in response)) return undefined;
  return statusIn(String(isPlain(response.status) ? response.status : ""));
}

function bodyOf(response: object): string | undefined {
  if (!("body" in response) || response.body === undefined || response.body === null) return undefined;
  return typeof response.body === "string" ? response.body : JSON.stringify(response.body);
}

function isPlain(value: unknown): value is string | number {
  return typeof value === "string" || typeof value === "number";
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}

/** What stands beside the headers and is none of them. */
const ABOUT: readonly string[] = ["status", "body"];
