/** The lines of a pasted text that hold no credential, and the names of those that did. */
export interface Harmless {
  readonly lines: readonly string[];
  /** In lower case, each once. */
  readonly dropped: readonly string[];
}

/**
 * Drops the fields that prove who somebody is, before anything else reads the text. Where such a name stands on a line
 * of its own, as developer tools copy it, the next line is its value and goes too.
 */
export function withoutCredentials(lines: readonly string[]): Harmless {
  const kept: string[] = [];
  const dropped = new Set<string>();
  let isValue = false;
  let isFolded = false;
  for (const line of lines) {
    const [, name, separator = "", value = ""] = FIELD.exec(line) ?? [];
    const isBlank = line.trim() === "";
    if (isValue && !isBlank && !/^\s*[\w-]+:\s/.test(line)) {
      isValue = false;
    } else if (name !== undefined && isCredential(name) && (separator !== "" || value === "")) {
      dropped.add(name.toLowerCase());
      isValue = value.trim() === "";
      isFolded = true;
    } else if (!(isFolded && !isBlank && separator === "" && /^[ \t]/.test(line))) {
      isValue = false;
      isFolded = false;
      kept.push(line);
    }
  }
  return { lines: kept, dropped: [...dropped] };
}

/** Whether a field of this name, in any letter case, holds a credential or a cookie. */
export function isCredential(name: string): boolean {
  return CREDENTIAL.test(name);
}

/** The prefixes of `curl -v`, a name with or without quotes, a colon or `=`, a value. */
const FIELD = /^\s*(?:[<>*]\s?)?["']?([\w-]{1,64})["']?[ \t]*([:=]?)(.{0,64})/;

const CREDENTIAL =
  /authoriz|cookie|api[-_]?key|(?:auth|access|session|security|csrf|xsrf|refresh|id|bearer)[-_]?token(?!s)|secret|password/i;
