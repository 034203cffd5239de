import { withoutCredentials } from "./credentials.js";
import { readJson } from "./json.js";
import { type Field, type Pasted, statusIn } from "./pasted.js";
import { responseLines } from "./verbose.js";

/** The most of a text that is read, in UTF-16 code units: no server sends a hundredth of that in headers. */
export const MOST_TEXT = 262_144;

/**
 * Finds status, headers and body in what `curl -i`, `curl -v` or a browser's developer tools show, or in JSON. Any text is
 * read; where it is nothing of all that, no header is found.
 */
export function readPasted(text: string): Pasted {
  const isCut = text.length > MOST_TEXT;
  const beginning = isCut ? text.slice(0, MOST_TEXT) : text;
  const json = readJson(beginning);
  if (json !== undefined) return { ...json, isCut };
  const { lines, dropped } = withoutCredentials(beginning.split(/\r\n|\n|\r/));
  const response = responseLines(lines);
  const read = readLines(response);
  return { ...(read.headers.length > 0 ? read : (readPairs(response) ?? read)), dropped, isCut };
}

type Read = Pick<Pasted, "status" | "headers" | "body">;

/** Lines of "name: value", of which the value may be on the next line, below a status line if there is one. */
function readLines(lines: readonly string[]): Read {
  let status: number | undefined;
  let headers: Field[] = [];
  for (let index = 0; index < lines.length; index++) {
    const line = (lines[index] as string).trim();
    if (line === "") {
      if (headers.length === 0 && status === undefined) continue;
      // An informational answer, a proxy's or a redirect: what counts is the last one.
      const next = nextLine(lines, index);
      if (next !== undefined && STATUS_LINE.test(lines[next] as string)) continue;
      const body = lines.slice(index + 1).join("\n").trim();
      return { status, headers, body: body === "" ? undefined : body };
    }
    const [, code] = STATUS_LINE.exec(line) ?? [];
    if (code !== undefined) {
      status = Number(code);
      headers = [];
      continue;
    }
    const [, name, rest] = FIELD.exec(line) ?? [];
    if (name === undefined || rest === undefined) continue;
    let value = rest.trim();
    if (value === "" && isValue(lines[index + 1])) value = (lines[++index] as string).trim();
    if (STATUS_NAME.test(name)) status = statusIn(value) ?? status;
    else if (!name.startsWith(":") && !name.includes(" ") && headers.length < MOST_HEADERS) headers.push([name, value]);
  }
  return { status, headers, body: undefined };
}

/** Names and values on lines by turns, without colons, as some developer tools copy their tables. */
function readPairs(lines: readonly string[]): Read | undefined {
  const texts = lines.map((line) => line.trim()).filter((line) => line !== "");
  if (texts.length < 2 || texts.length % 2 !== 0 || texts.length > 2 * MOST_HEADERS) return undefined;
  let status: number | undefined;
  const headers: Field[] = [];
  for (let index = 0; index < texts.length; index += 2) {
    const [name, value] = [texts[index] as string, texts[index + 1] as string];
    if (!NAME.test(name)) return undefined;
    if (STATUS_NAME.test(name)) status = statusIn(value) ?? status;
    else headers.push([name, value]);
  }
  return { status, headers, body: undefined };
}

/** Whether a line can be the value of the name on the line above. An instant has colons too, but none before a blank. */
function isValue(line: string | undefined): boolean {
  return line !== undefined && line.trim() !== "" && !/^\s*:?[\w-]+:(?:\s|$)/.test(line) && !STATUS_LINE.test(line);
}

function nextLine(lines: readonly string[], after: number): number | undefined {
  for (let index = after + 1; index < lines.length; index++) {
    if ((lines[index] as string).trim() !== "") return index;
  }
  return undefined;
}

const STATUS_LINE = /^\s*HTTP\/\d(?:\.\d)?\s+([1-9]\d\d)(?:\s|$)/i;
const STATUS_NAME = /^:?status(?: code)?$/i;
/** A field, a pseudo-field of HTTP/2, or the "Status Code" of developer tools. */
const FIELD = /^(:?[\w!#$%&'*+.^`|~-]{1,256}|Status Code)[ \t]*:(.*)$/i;
const NAME = /^[a-z][\w-]{1,255}$/i;
/** Servers send some dozens. */
const MOST_HEADERS = 1_000;
