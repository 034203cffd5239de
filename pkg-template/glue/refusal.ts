import type { Refusal } from "./core.js";
import {
  ClosedError,
  CoreError,
  DeadlineError,
  DrainingError,
  InsufficientCapacityError,
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
    case "draining":
      return new DrainingError(message);
    case "closed":
      return new ClosedError(message);
    default:
      return new CoreError(`tidegate core refused for an unknown reason: ${code}: ${message}`);
  }
}
