import type { Refusal } from "./core.js";
import {
  ClosedError,
  CoreError,
  DeadlineError,
  InsufficientCapacityError,
  OptionError,
  QueueFullError,
  type TidegateError,
} from "./errors.js";

/** The error that the caller of a refused call gets. */
export function refusalError(refusal: Refusal): TidegateError {
  const { ticket: _ticket, code, message, ...fields } = refusal;
  switch (code) {
    case "insufficient-capacity":
      return new InsufficientCapacityError(message, fields);
    case "queue-full":
      return new QueueFullError(message, fields);
    case "deadline-exceeded":
      return new DeadlineError(message, fields);
    case "closed":
      return new ClosedError(message);
    default:
      return new CoreError(`tidegate core refused for an unknown reason: ${code}: ${message}`);
  }
}

/** The core states a wrong option as a plain record or error of this name; users get it as our class. */
export function optionErrorOf(thrown: unknown): OptionError | undefined {
  if (typeof thrown !== "object" || thrown === null) return undefined;
  const { name, message, option, value, fix } = thrown as Record<string, unknown>;
  if (name !== "OptionError") return undefined;
  return new OptionError(String(message), { option: String(option), value, fix: String(fix) });
}
