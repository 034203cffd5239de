import type { RateLimit, ResponseKind } from "../../tidegate.js";
import { duration } from "../../words.js";

/** What a response means, in sentences. */
export interface Meaning {
  /** Two or three words. */
  readonly verdict: string;
  readonly explanation: string;
  /** Whether the same request can succeed. */
  readonly again: string;
  /** How long to wait. */
  readonly wait: string;
}

/** Says what a response with this status means, as it was read. */
export function meaningOf({ kind, retryable, retryAfterMs }: RateLimit, status: number): Meaning {
  const isServed = kind === "ok";
  return {
    verdict: VERDICTS[kind],
    explanation: kind === "ok" && status >= 300 ? NOT_ABOUT_LIMITS : EXPLANATIONS[kind],
    again: isServed ? "Not needed." : retryable ? CAN_SUCCEED : CANNOT_SUCCEED,
    wait: waitOf(isServed, retryable, retryAfterMs),
  };
}

function waitOf(isServed: boolean, retryable: boolean, retryAfterMs: number | null): string {
  if (retryAfterMs !== null) return `${duration(retryAfterMs)}, as the server orders.`;
  if (isServed) return "Not at all.";
  return retryable ? "The server orders no wait; Tidegate backs off, longer each time." : "No wait would help.";
}

const VERDICTS: Readonly<Record<ResponseKind, string>> = {
  ok: "Served",
  rate_limit: "Refused for a limit",
  overloaded: "Overloaded",
  quota_exhausted: "Nothing left to spend",
  server_error: "Failed at the server",
  client_error: "Wrong request",
};

const EXPLANATIONS: Readonly<Record<ResponseKind, string>> = {
  ok: "No limit stood in the way.",
  rate_limit: "Too much was asked for in too short a time. Everything that shares the limit should wait.",
  overloaded: "The service is too busy, whoever asks. Your quota is not the reason.",
  quota_exhausted: "A budget, a credit or a long-term quota is used up. Waiting a few seconds does not bring it back.",
  server_error: "Something went wrong on the server's side, which has nothing to do with limits.",
  client_error: "The server does not accept this request, however often it is sent.",
};
const CAN_SUCCEED = "Yes, the same request can succeed later.";
const CANNOT_SUCCEED = "No, the same request would fail again.";
const NOT_ABOUT_LIMITS = "The response says of no limit that it stood in the way.";
