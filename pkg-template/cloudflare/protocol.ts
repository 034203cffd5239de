import type { BodyUsage, Question } from "../glue/core.js";
import type { CostRecord, StatedCost } from "../glue/cost.js";
import type { Snapshot } from "../glue/snapshot.js";
import type { PackedError } from "./errors.js";

/** What a Worker says to the object. Every message can be said twice: a Worker says it again when it got no answer. */
export type Message =
  | RequestMessage
  | PermitMessage
  /** Where does the call stand that was submitted before? */
  | { readonly type: "wait"; readonly id: string }
  /** Headers of an answer came; with {@link Envelope.bytes}, the beginning of its body too. */
  | { readonly type: "answered"; readonly id: string; readonly start: number; readonly status: number; readonly headers: string }
  /** Nothing came. */
  | { readonly type: "failed"; readonly id: string; readonly start: number }
  /** The body ended. `usage` is what the reader of the core made of it, null where it read nothing. */
  | { readonly type: "ended"; readonly id: string; readonly complete: boolean; readonly usage: BodyUsage | null }
  /** A permit ends, at this cost; -1 for "as reserved". */
  | { readonly type: "settle"; readonly id: string; readonly cost: StatedCost }
  | { readonly type: "cancel"; readonly id: string; readonly isSent: boolean }
  /** The call still runs; `usage` is what its body said so far. */
  | { readonly type: "renew"; readonly id: string; readonly usage: BodyUsage | null }
  /** What the provider said of the size of a request: the beginning of its answer is in {@link Envelope.bytes}. */
  | { readonly type: "count"; readonly url: string; readonly status: number }
  | { readonly type: "snapshot" }
  | EstimateMessage;

/** What is said of a call that is known. */
export type CallMessage = Extract<
  Message,
  { readonly type: "answered" | "failed" | "ended" | "settle" | "cancel" | "renew" }
>;

/** A call that has an id, which its Worker made. */
interface Waiting {
  readonly id: string;
  /** Milliseconds since the call was made: more than nothing when an earlier object forgot it. */
  readonly ageMs: number;
  readonly priority: number;
  /** Of the whole wait; null for none. */
  readonly deadlineMs: number | null;
  readonly tenant: string;
}

/** An HTTP request is to be sent. Its body is in {@link Envelope.bytes}. */
export interface RequestMessage extends Waiting {
  readonly type: "request";
  readonly method: string;
  /** Without user name, password, fragment, and the values in its query. */
  readonly url: string;
  readonly headers: string;
  /** "hidden": there is one that cannot be read. */
  readonly body: "none" | "hidden" | "sent";
  readonly replayable: boolean;
  readonly cost: StatedCost;
  /** The answer to a question of the core, -1 for none that is of use, null before it asked. */
  readonly counted: number | null;
}

/** Something else is to be done. */
export interface PermitMessage extends Waiting {
  readonly type: "permit";
  readonly model: string | null;
  readonly cost: Required<CostRecord>;
}

export interface EstimateMessage {
  readonly type: "estimate";
  readonly model: string | null;
  readonly cost: Required<CostRecord>;
  readonly priority: number;
  readonly tenant: string;
}

/** What the object answers. */
export type Answer =
  /** Its turn has come. It is given up when it is not heard of for `leaseMs`. */
  | { readonly state: "started"; readonly start: number; readonly leaseMs: number; readonly servedIsFinal: boolean }
  /** To be asked again, at once. */
  | { readonly state: "waiting" }
  /** To be submitted again, with what comes of this question. */
  | { readonly state: "question"; readonly question: Question }
  | { readonly state: "verdict"; readonly verdict: number }
  | { readonly state: "counted"; readonly tokens: number }
  /** Heard, or over before. */
  | { readonly state: "done" }
  /** Of such a call nothing is known: the object was evicted while it waited, or it has ended. */
  | { readonly state: "unknown" }
  | { readonly state: "refused"; readonly error: PackedError }
  | { readonly state: "snapshot"; readonly snapshot: Snapshot }
  | { readonly state: "estimate"; readonly waitMs: number | null };

/** A message and the bytes that come with it. */
export interface Envelope {
  readonly message: unknown;
  /** Undefined where there are none, not even an empty body. */
  readonly bytes: Uint8Array | undefined;
}

/** One line of JSON; after it come the bytes, if any, as they are: a body of megabytes is neither escaped nor copied twice. */
export function sealed(message: Message, bytes: string | Uint8Array | undefined): string | Uint8Array<ArrayBuffer> {
  const line = JSON.stringify(message);
  if (bytes === undefined) return line;
  if (typeof bytes === "string") return `${line}\n${bytes}`;
  const head = new TextEncoder().encode(`${line}\n`);
  const all = new Uint8Array(head.byteLength + bytes.byteLength);
  all.set(head);
  all.set(bytes, head.byteLength);
  return all;
}

/** @throws SyntaxError for what is no JSON. */
export function opened(content: ArrayBuffer): Envelope {
  const all = new Uint8Array(content);
  const end = all.indexOf(NEWLINE);
  const line = new TextDecoder().decode(end < 0 ? all : all.subarray(0, end));
  return { message: JSON.parse(line), bytes: end < 0 ? undefined : all.subarray(end + 1) };
}

/** Where messages go. Nothing of it is looked up: the stub decides who gets them. The number is that of this protocol. */
export const MESSAGE_URL = "https://tidegate.invalid/1";

/**
 * How long one answer is waited for, in milliseconds. Short enough that whoever waits behind a connection that died
 * without a word is missed soon, long enough that a waiting call costs three requests a minute.
 */
export const POLL_MS = 20_000;

/**
 * The largest body that is shown to the core, in bytes; a larger one counts as one that cannot be read. An object has
 * 128 MB for everybody who waits (Workers' limits, read 2026-11-27).
 */
export const MAX_BODY_BYTES: number = 16 * 1024 * 1024;

/** The largest message: a body, and as many headers as Workers let through (128 KB, read 2026-11-27). */
export const MAX_MESSAGE_BYTES: number = MAX_BODY_BYTES + 256 * 1024;

const NEWLINE = 10;
