/** A request as the SDK hands it from one middleware to the next. */
export interface AwsRequest {
  method: string;
  protocol: string;
  hostname: string;
  port?: number;
  path: string;
  query?: Readonly<Record<string, string | readonly string[] | null>>;
  headers: Record<string, string>;
  body?: unknown;
}

/** An answer in the same way. */
export interface AwsResponse {
  statusCode: number;
  reason?: string;
  headers: Record<string, string>;
  body?: unknown;
}

/** What every middleware is given, and gives on with whatever else is in it. */
export interface AwsArguments {
  readonly request: unknown;
}

/** What comes back: the answer, and from the SDK's reader of answers on what it says. */
export interface AwsResult {
  readonly response: unknown;
  readonly output?: Answered;
}

/** What the SDK makes of an answer, an error or not. */
export interface Answered {
  readonly $metadata?: { attempts?: number };
}

export type AwsHandler = (args: AwsArguments) => Promise<AwsResult>;

export interface AwsContext {
  readonly __smithy_context?: { readonly abortSignal?: AbortSignal };
}

/** The fields as `fetch` has them: the parts of HTTP/2's own that stand among them are none. */
export function webHeaders(headers: Readonly<Record<string, string>>): Headers {
  return new Headers(Object.entries(headers).filter(([name]) => !isOfHttp2(name)));
}

export function isOfHttp2(name: string): boolean {
  return name.startsWith(":");
}

/** By shape, as the SDK itself tells them. */
export function isRequest(request: unknown): request is AwsRequest {
  return typeof request === "object" && request !== null && "protocol" in request && "hostname" in request && "headers" in request;
}

export function isResponse(response: unknown): response is AwsResponse {
  return typeof response === "object" && response !== null && "statusCode" in response && "headers" in response;
}
