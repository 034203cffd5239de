import { CoreError, OptionError, TidegateError } from "../glue/errors.js";
import { refusalError } from "../glue/refusal.js";

declare module "../glue/errors.js" {
  interface ErrorByCode {
    "limiter-unreachable": UnreachableError;
  }
}

/** The object that gives the turns did not answer, however often it was asked. The call was not sent. */
export class UnreachableError extends TidegateError {
  override readonly name = "UnreachableError";
  declare readonly code: "limiter-unreachable";

  constructor(message: string, options?: ErrorOptions) {
    super("limiter-unreachable", message, options);
  }
}

/** An error on its way from the object to a Worker. */
export interface PackedError {
  readonly code: string;
  readonly message: string;
  /** What else it says: numbers and texts. */
  readonly fields: Readonly<Record<string, unknown>>;
}

export function packed(error: TidegateError): PackedError {
  const { code, message } = error;
  const fields: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(error)) {
    // What an object holds may be a secret, and an error says only that it is one.
    if (key !== "name" && key !== "code" && typeof value !== "object") fields[key] = value;
  }
  return { code, message, fields };
}

/** The error as the main entry would have thrown it. */
export function unpacked({ code, message, fields }: PackedError): TidegateError {
  switch (code) {
    case "invalid-option":
      return new OptionError(String(fields["option"]), fields["value"], String(fields["fix"]), message);
    case "core-panicked":
      return new CoreError(message);
    default:
      return refusalError({ ...fields, ticket: -1, code, message });
  }
}
