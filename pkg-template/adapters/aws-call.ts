import type { Middleware, MiddlewareRequest } from "../glue/middleware.js";
import { Attempt } from "./aws-attempt.js";
import { type Answered, type AwsArguments, type AwsHandler, type AwsRequest, type AwsResult, isOfHttp2, webHeaders } from "./aws-types.js";

/** One call of the SDK, over all its attempts. */
export class AwsCall {
  private readonly next: AwsHandler;
  private readonly args: AwsArguments;
  private readonly request: AwsRequest;
  private readonly url: string;
  /** Gives the call up: because its caller does, or because nothing can be sent. */
  private readonly controller = new AbortController();
  private attempt: Attempt | undefined;
  private attempts = 0;

  constructor(next: AwsHandler, args: AwsArguments, request: AwsRequest) {
    this.next = next;
    this.args = args;
    this.request = request;
    this.url = urlOf(request);
  }

  async run(middleware: Middleware, caller: AbortSignal | undefined): Promise<AwsResult> {
    const { request, url } = this;
    const { signal } = this.controller;
    const leave = (): void => this.controller.abort(caller?.reason);
    if (caller?.aborted) leave();
    caller?.addEventListener("abort", leave);
    const { method, headers, body } = request;
    const outgoing = { url, method, headers: webHeaders(headers), body: body as BodyInit, signal };
    try {
      return await this.read(await middleware(outgoing, (sent) => this.send(sent)));
    } catch (error) {
      this.countIn(error as Answered | undefined);
      throw error;
    } finally {
      // From here on the client's handler ends what is left of the answer, as it knows the signal too.
      caller?.removeEventListener("abort", leave);
      this.attempt?.giveUp();
    }
  }

  /** One attempt, or the question that goes before them. */
  private send(sent: MiddlewareRequest): Promise<Response> {
    const isQuestion = sent.url !== this.url;
    const request = isQuestion ? questionOf(this.request, sent) : withHeaders(this.request, sent.headers);
    const attempt = new Attempt(this.next, this.args, request);
    attempt.head.catch((error) => {
      // What its caller has given up, or what cannot be signed, is no failure of the connection.
      if (!isQuestion && (!attempt.wasSent || error?.name === "AbortError")) this.controller.abort(error);
    });
    if (!isQuestion) {
      this.attempt?.giveUp();
      this.attempt = attempt;
      this.attempts += 1;
    }
    return attempt.head;
  }

  /** What the SDK makes of the answer, which may be another call's. */
  private async read(response: Response): Promise<AwsResult> {
    this.attempt ??= new Attempt(this.next, this.args, this.request, true);
    const result = await this.attempt.read(response);
    this.countIn(result.output);
    return result;
  }

  /** Says how many attempts there were, as the SDK does where it tries again. */
  private countIn(answered: Answered | undefined): void {
    if (answered?.$metadata !== undefined) answered.$metadata.attempts = this.attempts;
  }
}

/** The same request for one attempt, without the fields that are hints. */
function withHeaders(request: AwsRequest, sent: Headers): AwsRequest {
  const headers = Object.entries(request.headers).filter(([name]) => isOfHttp2(name) || sent.has(name));
  return copyOf(request, { headers: Object.fromEntries(headers) });
}

/** The request that asks how large another is. It is signed as that one. */
function questionOf(request: AwsRequest, sent: MiddlewareRequest): AwsRequest {
  const { pathname } = new URL(sent.url);
  const body = new TextEncoder().encode(String(sent.body));
  const ofHttp2 = Object.entries(request.headers).filter(([name]) => isOfHttp2(name));
  const headers = Object.fromEntries([...ofHttp2, ...sent.headers, ["content-length", String(body.byteLength)]]);
  return copyOf(request, { method: "POST", path: pathname, headers, body });
}

/** Of the SDK's own class, as some of what stands behind asks for that. */
function copyOf(request: AwsRequest, changes: Partial<AwsRequest>): AwsRequest {
  return Object.assign(Object.create(Object.getPrototypeOf(request)), request, changes) as AwsRequest;
}

function urlOf({ protocol, hostname, port, path, query = {} }: AwsRequest): string {
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    for (const one of [value].flat()) parameters.append(name, one ?? "");
  }
  const search = parameters.size > 0 ? `?${parameters}` : "";
  return `${protocol}//${hostname}${port === undefined ? "" : `:${port}`}${path}${search}`;
}
