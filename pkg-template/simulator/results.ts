/** One request of a workload, with the truth about it. */
export interface Job {
  /**
   * Whose API is asked: Claude's at `/v1/messages`, or OpenAI's at `/v1/chat/completions`.
   * @default "claude"
   */
  api?: "claude" | "openai";
  model: string;
  /** The true size of the prompt, all of it, if the request has `body(job)` as its body. */
  inputTokens: number;
  /** The true size of the answer: to be sent as the request header `x-simulate-output-tokens`. */
  outputTokens: number;
  /** What the request allows its answer to be. */
  maxTokens: number;
  stream: boolean;
  priority: "critical" | "high" | "normal" | "low";
  /** What of its prompt other jobs have too. */
  shared?: SharedPrompt;
  /** The position in the list of the job whose answer must have come before this one is asked for. */
  after?: number;
}

/** A prompt that begins like those of others, with the marks that let the server cache it. */
export interface SharedPrompt {
  /** Jobs with the same number have the same system prompt. */
  system: number;
  /** How large it is. */
  systemTokens: number;
  /** Jobs with the same number are turns of one conversation. */
  conversation: number;
  /** The sizes of the conversation's earlier messages: the user's and the assistant's in turn. */
  history: number[];
  /** Whether the conversation is cached as it grows, and not the system prompt alone. */
  grows: boolean;
}

/** The named kinds of workload. */
export type WorkloadName =
  | "mixed"
  | "input-bound"
  | "output-bound"
  | "requests-bound"
  | "interactive-and-batch"
  | "cached-prefix"
  | "two-models"
  | "openai-max-tokens";

/** What is counted. */
export type SimulatedDimension = "requests" | "inputTokens" | "outputTokens" | "tokens";

/** The least time in which any client that keeps the limits could get a workload done. */
export interface Bound {
  ms: number;
  /** What binds: a dimension, or `"service"` if a single answer takes longest. */
  binding: SimulatedDimension | "service";
  /** The longest single answer's time, in milliseconds. */
  serviceMs: number;
  limits: { group: string; dimension: SimulatedDimension; total: number; ms: number }[];
}

/** The truth that no client can see. */
export interface Stats {
  /** Milliseconds since the simulator was made. */
  nowMs: number;
  organisations: OrganisationStats[];
}

/** One organisation. */
export interface OrganisationStats {
  name: string;
  groups: GroupStats[];
}

/** One model group of an organisation. */
export interface GroupStats {
  group: string;
  /** What became of the requests. */
  counts: {
    requests: number;
    /** Answered to the end. */
    served: number;
    /** Refused because of a limit (429). */
    refused: number;
    /** Refused because of load (529 or 503). */
    overloaded: number;
    /** Answered with a server error, or with an error in the middle of a stream. */
    errors: number;
    /** Lost: the connection was dropped or cut, or the server never answered. */
    lost: number;
    /** Given up by the client while the answer was being produced. */
    aborted: number;
    /** Being answered now. */
    inFlight: number;
  };
  /** What was read from the prompt cache and written to it. */
  cache: CacheCounts;
  limits: LimitStats[];
}

/** The traffic of the prompt cache. */
export interface CacheCounts {
  /** Answers for which something was read from the cache. */
  reads: number;
  /** Answers for which something was written to the cache. */
  writes: number;
  /** Tokens read. */
  readTokens: number;
  /** Tokens written. */
  writtenTokens: number;
}

/** One limit. */
export interface LimitStats {
  dimension: SimulatedDimension;
  /** The amount a minute. */
  perMinute: number;
  /** The most at once: a bucket's capacity, a window's amount. */
  atOnce: number;
  /** The time in which `atOnce` comes back. */
  windowMs: number;
  /** What is left; negative in debt. */
  remaining: number;
  /** When there is no debt left: `nowMs` or later. */
  paidAtMs: number;
  /** What the organisation was charged. */
  charged: number;
  /** The most that any window held. */
  peak: number;
  /** The most that a window can hold without the limit being broken. */
  allowed: number;
  /** What the neighbour took. */
  takenByNeighbour: number;
}
