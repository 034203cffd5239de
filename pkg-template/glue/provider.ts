import type { ResponseKind } from "./parse.js";

/** The providers whose headers and errors tidegate knows. "generic" is any HTTP API; the last lines are other names. */
export type ProviderName =
  | "anthropic"
  | "openai"
  | "azure-openai"
  | "groq"
  | "mistral"
  | "cohere"
  | "gemini"
  | "vertex"
  | "bedrock"
  | "aws"
  | "together"
  | "fireworks"
  | "deepseek"
  | "xai"
  | "openrouter"
  | "cerebras"
  | "sambanova"
  | "digitalocean"
  | "github"
  | "x"
  | "shopify"
  | "discord"
  | "slack"
  | "stripe"
  | "atlassian"
  | "salesforce"
  | "hubspot"
  | "generic"
  | "anthropic-oauth"
  | "anthropic-foundry"
  | "anthropic-aws"
  | "azure-apim"
  | "generic-llm"
  | "ietf"
  | "cloudflare"
  | "litellm"
  | "twitter";

/**
 * How a header field writes an instant: seconds or milliseconds from now or since 1970, a Go duration ("6m0s"), an
 * RFC 3339 timestamp, an HTTP-date, or any of them, whichever it looks like.
 */
export type Unit =
  | "any"
  | "seconds"
  | "milliseconds"
  | "epoch_seconds"
  | "epoch_milliseconds"
  | "duration"
  | "rfc3339"
  | "http_date";

/**
 * An API that tidegate does not know: plain data, no code. At least one of `limits`, `retryAfter` and `statuses`.
 *
 * ```ts
 * const provider = {
 *   limits: [{ dimension: "requests", limit: "X-Quota", remaining: "X-Quota-Left", reset: "X-Quota-Renews", windowMs: 60_000 }],
 *   retryAfter: { header: "X-Wait", unit: "milliseconds" },
 *   statuses: { "420": "rate_limit" },
 * };
 * ```
 */
export interface ProviderOptions {
  /** Whose conventions hold for everything that is not described. @default "generic" */
  readonly like?: ProviderName;
  /** The limits that its headers state, 16 at most. They replace those that would be read otherwise. @default none */
  readonly limits?: readonly ProviderLimit[];
  /** The header in which it orders a wait, read before `Retry-After`. @default none */
  readonly retryAfter?: {
    readonly header: string;
    /** @default "any" */
    readonly unit?: Unit;
  };
  /** What its statuses mean where they do not mean what they usually mean. @default none */
  readonly statuses?: Readonly<Record<string, ResponseKind>>;
}

/** The header fields of one limit: `limit`, `remaining` or both. Letter case does not matter. */
export interface ProviderLimit {
  /** "requests", "input_tokens", "output_tokens", "tokens" and "custom" are waited for; any other name is only told. */
  readonly dimension: string;
  /** The field with the limit. */
  readonly limit?: string;
  /** The field with what is left of it. */
  readonly remaining?: string;
  /** The field with the instant at which it is replenished. */
  readonly reset?: string;
  /** How that instant is written. @default "any" */
  readonly unit?: Unit;
  /** The span over which it counts, in whole milliseconds: 1 to 2,678,400,000 (31 days). @default not known */
  readonly windowMs?: number;
}
