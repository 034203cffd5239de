/**
 * Reads a `_headers` file: a line with a path, in which a `*` at the end stands for any rest, and below it, indented, the
 * headers of what is there.
 *
 * @param text {string} The file's content.
 * @returns {(path: string) => [name: string, value: string][]} the headers of a path, in the order of the file.
 * @throws {Error} if a line is none of those, since the page would silently lack what it says.
 */
export function readHeaders(text) {
  const rules = [];
  for (const [index, line] of text.split(/\r?\n/).entries()) {
    if (line.trim() === "" || line.trim().startsWith("#")) continue;
    const isPath = /^\/[^\s:*]*\*?$/.test(line);
    const header = /^\s+([\w-]+):\s*(\S.*?)\s*$/.exec(line);
    if (isPath) rules.push({ path: line, headers: [] });
    else if (header && rules.length > 0) rules.at(-1).headers.push([header[1], header[2]]);
    else throw new Error(`_headers, line ${index + 1}: neither a path nor a header of one: ${line.trim()}`);
  }
  return (path) => rules.filter((rule) => matches(rule.path, path)).flatMap((rule) => rule.headers);
}

function matches(pattern, path) {
  return pattern.endsWith("*") ? path.startsWith(pattern.slice(0, -1)) : path === pattern;
}
