import { make } from "../../dom.js";

/** The nodes of a program with its comments, strings and keywords marked. The text is unchanged. */
export function highlighted(program: string): Node[] {
  const nodes: Node[] = [];
  let end = 0;
  for (const match of program.matchAll(TOKENS)) {
    const kind = Object.entries(match.groups ?? {}).find(([, text]) => text !== undefined)?.[0] ?? "";
    nodes.push(document.createTextNode(program.slice(end, match.index)), make("span", `panels-${kind}`, match[0]));
    end = match.index + match[0].length;
  }
  nodes.push(document.createTextNode(program.slice(end)));
  return nodes;
}

/** No printed program has a regular expression or a comment of several lines, so this is enough for them. */
const TOKENS =
  /(?<comment>\/\/.*)|(?<string>"[^"\n]*"|`[^`]*`)|(?<keyword>(?<!\.)\b(?:import|from|const|await|async|return|new|if|throw)\b)/g;
