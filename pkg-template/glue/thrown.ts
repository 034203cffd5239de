import { CoreError, OptionError } from "./errors.js";

/** The core states a wrong option as a plain record or error of this name; users get it as our class. */
export function optionErrorOf(thrown: unknown): OptionError | undefined {
  if (typeof thrown !== "object" || thrown === null) return undefined;
  const { name, message, option, value, fix } = thrown as Record<string, unknown>;
  if (name !== "OptionError") return undefined;
  return new OptionError(String(option), value, String(fix), String(message));
}

/** Anything else that the core throws is a defect. */
export function coreErrorOf(thrown: unknown): CoreError {
  const text = thrown instanceof Error ? thrown.message : String(thrown);
  const message = text.startsWith(PANICKED) ? text : PANICKED + text;
  return new CoreError(message, { cause: thrown });
}

/** How the message of a Rust panic begins. */
const PANICKED = "tidegate core panicked: ";
