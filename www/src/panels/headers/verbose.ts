/**
 * The lines of the response, without what is of the request: in the output of `curl -v` those behind `<` and the body,
 * and below the headings of developer tools what is not below "Request headers".
 */
export function responseLines(lines: readonly string[]): readonly string[] {
  return lines.some((line) => VERBOSE_STATUS.test(line)) ? ofVerbose(lines) : ofSections(lines);
}

function ofVerbose(lines: readonly string[]): readonly string[] {
  const response: string[] = [];
  let isBody = false;
  for (const line of lines) {
    if (/^<(?:\s|$)/.test(line)) {
      const text = line.slice(1).trim();
      isBody = text === "";
      response.push(text);
    } else if (isBody && !NARRATION.test(line)) {
      response.push(line);
    }
  }
  return response;
}

function ofSections(lines: readonly string[]): readonly string[] {
  let isRequest = false;
  return lines.filter((line) => {
    const [, side] = SECTION.exec(line) ?? [];
    if (side !== undefined) isRequest = side.toLowerCase() === "request";
    return side === undefined && !isRequest;
  });
}

const VERBOSE_STATUS = /^<\s*HTTP\/\d/i;
/** What curl tells of itself, and of the request. */
const NARRATION = /^(?:\*|>|[{}] \[\d+ bytes data\])/;
const SECTION = /^\s*(response|request) headers\b[^:]*$/i;
