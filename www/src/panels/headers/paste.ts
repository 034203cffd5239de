import { withoutCredentials } from "./credentials.js";
import { readJson } from "./json.js";
import { type Field, type Pasted, statusIn } from "./pasted.js";
import { responseLines } from "./verbose.js";

/** The most of a text that is read, in UTF-16 code units: many times what servers send in headers. */
export const MOST_TEXT = 65_536;

/**
 * Finds status, headers and body in what `curl -i`, `curl -v` or a browser's developer tools show, or in JSON. Any text
 * is read; where it is nothing of all that, no header is found.
 */
export function readPasted(text: string): Pasted {
  const isCut = text.length > MOST_TEXT;
  const beginning = isCut ? text.slice(0, MOST_TEXT) : text;
  const json = readJson(beginning);
  if (json !== undefined) return { ...json, isCut };
  const { lines, dropped } = withoutCredentials(beginning.split(/\r\n|\n|\r/));
  const response = responseLines(lines);
  return { ...(readPairs(response) ?? readLines(response)), dropped, isCut };
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
    else if (!name.startsWith(":") && !name.includes(" ")) headers.push([name, value]);
  }
  return { status, headers, body: undefined };
}

/** Names and values on lines by turns, without colons, as some developer tools copy them; undefined for else. */
function readPairs(lines: readonly string[]): Read | undefined {
  const texts = lines.map((line) => line.trim()).filter((line) => line !== "");
  const names = texts.filter((_, index) => index % 2 === 0);
  if (texts.length % 2 !== 0 || !names.every((name) => NAME.test(name))) return undefined;
  if (!names.some((name) => name.includes("-"))) return undefined;
  const fields = names.map((name, index): Field => [name, texts[2 * index + 1] as string]);
  const status = fields.find(([name]) => STATUS_NAME.test(name))?.[1];
  return {
    status: status === undefined ? undefined : statusIn(status),
    headers: fields.filter(([name]) => !STATUS_NAME.test(name)),
    body: undefined,
  };
}

/** Whether a line can be the value of the name on the line above. Instants have colons, too, but no blank after them. */
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
