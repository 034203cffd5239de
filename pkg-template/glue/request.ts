import { ignore } from "./body.js";
import type { RequestBody } from "./core.js";
import { forQuestion, hasHints, hintsOf, withoutHints } from "./headers.js";
import type { ViewHints } from "./hints.js";
import type { Fetch } from "./options.js";

type Input = string | URL | Request;

/** What `fetch` was called with: as much as the core may read, and how to send it, once or again. */
export class OutgoingRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: Headers;
  readonly hints: ViewHints | undefined;
  readonly signal: AbortSignal | undefined;
  /** Whether the same body can be sent a second time. */
  readonly replayable: boolean;
  private input: Input;
  private init: RequestInit | undefined;
  /** A Request whose body was read through a clone, and is sent through clones. */
  private readonly cloned: Request | undefined;
  private clonedText: Promise<string> | undefined;

  /** @throws what `fetch` throws for headers that cannot be, and {@link OptionError} for an unknown hint. */
  constructor(input: Input, init: RequestInit | undefined) {
    const request = isRequest(input) ? input : undefined;
    this.input = input;
    this.init = init;
    this.method = String(init?.method ?? request?.method ?? "GET").toUpperCase();
    this.url = request === undefined ? String(input) : request.url;
    const headers = init?.headers ?? request?.headers;
    this.headers = headers instanceof Headers ? headers : new Headers(headers);
    // An explicit null means no signal, even beside a Request that has one.
    const signal = init?.signal === undefined ? request?.signal : init.signal;
    this.signal = signal ?? undefined;
    this.cloned = init?.body == null && request !== undefined && isJson(request) ? request : undefined;
    this.replayable = this.cloned !== undefined || isReplayable(this.body());
    if (hasHints(this.headers)) {
      this.hints = hintsOf(this.headers);
      this.change({ headers: withoutHints(headers as HeadersInit) });
    }
  }

  /** The body where it can be read without disturbing it, else undefined. */
  readBody(): RequestBody | Promise<string> {
    if (this.cloned !== undefined) {
      this.clonedText ??= this.cloned.clone().text();
      return this.clonedText;
    }
    const body = this.body();
    if (body === undefined || body === null) return null;
    if (typeof body === "string" || body instanceof Uint8Array) return body;
    if (body instanceof URLSearchParams) return body.toString();
    if (body instanceof ArrayBuffer) return new Uint8Array(body);
    if (ArrayBuffer.isView(body)) return new Uint8Array(body.buffer, body.byteOffset, body.byteLength);
    return undefined;
  }

  /**
   * What else shapes the answer, beside method, URL, headers and body: two requests whose lists hold the same values are
   * sent alike. What a runtime adds to `fetch` (a dispatcher, settings of an edge) is compared by identity.
   */
  manner(): readonly unknown[] {
    const manner: unknown[] = [];
    for (const part of [this.input, this.init]) {
      if (isRequest(part)) {
        for (const key of OF_A_REQUEST) manner.push(key, part[key]);
      } else if (typeof part === "object" && !(part instanceof URL)) {
        for (const key of Object.keys(part).sort()) {
          if (!COMPARED_ELSEWHERE.includes(key)) manner.push(key, part[key as keyof RequestInit]);
        }
      }
    }
    // A body without a declared type gets one by what it is.
    const body = this.body();
    manner.push(typeof body === "string" || (body instanceof URLSearchParams ? "form" : false));
    return manner;
  }

  /** Whether cookies are sent that are not among the headers, also to other origins. */
  get includesCookies(): boolean {
    const given = this.init?.credentials ?? (isRequest(this.input) ? this.input.credentials : undefined);
    return given === "include";
  }

  /** The URL, in full where it was relative to a page. */
  get absoluteUrl(): string {
    return new Request(this.url).url;
  }

  /** From here on the request is sent with this signal. */
  replaceSignal(signal: AbortSignal): void {
    this.change({ signal });
  }

  /** One attempt. What was not given is not passed on, not even as undefined. */
  send(fetch: Fetch): Promise<Response> {
    const input = this.cloned === undefined ? this.input : this.cloned.clone();
    return this.init === undefined ? fetch(input) : fetch(input, this.init);
  }

  /** The question `body` about this request, for `url`: sent as this one is, by the same credentials. */
  question(url: string, body: string): OutgoingRequest {
    const given = this.init === undefined || isRequest(this.init) ? {} : this.init;
    const { credentials = isRequest(this.input) ? this.input.credentials : undefined } = given;
    const headers = forQuestion(given.headers ?? this.headers);
    const question: RequestInit = { ...given, method: "POST", headers, body };
    if (credentials === "include") question.credentials = credentials;
    return new OutgoingRequest(url, question);
  }

  /** No more attempts: a body that was only sent through clones counts as used, as after any fetch. */
  done(): void {
    if (this.cloned !== undefined && !this.cloned.bodyUsed) {
      this.cloned.body?.cancel().catch(ignore);
    }
  }

  /** Whether the runtime's own fetch would refuse this without sending it, so that trying again is no use. */
  isMalformed(): boolean {
    if (isRequest(this.input)) return false;
    try {
      const { body, signal: _signal, ...rest } = this.init ?? {};
      new Request(this.input, typeof body === "string" ? { ...rest, body } : rest);
      return false;
    } catch {
      return true;
    }
  }

  private body(): unknown {
    if (this.init?.body != null) return this.init.body;
    if (!isRequest(this.input)) return null;
    // Firefox has no Request.body, so whether there is one cannot be told.
    const mayHaveBody = this.method !== "GET" && this.method !== "HEAD";
    return this.input.body === undefined && mayHaveBody ? HIDDEN : this.input.body;
  }

  private change(changes: RequestInit): void {
    if (this.init !== undefined && isRequest(this.init)) {
      // `fetch(url, request)`: what a Request says cannot be copied key by key.
      this.input = new Request(this.input, this.init);
      this.init = changes;
    } else {
      this.init = { ...this.init, ...changes };
    }
  }
}

/** A body that the runtime does not show: like a stream, it is neither read nor sent again. */
const HIDDEN = {};

const OF_A_REQUEST = ["cache", "credentials", "integrity", "mode", "redirect", "referrer", "referrerPolicy"] as const;

/** Or of no account for the answer. */
const COMPARED_ELSEWHERE: readonly string[] = ["body", "duplex", "headers", "keepalive", "method", "priority", "signal"];

/** By shape, as a Request may come from another realm or package. */
function isRequest(value: unknown): value is Request {
  return typeof value === "object" && value !== null && "url" in value && "headers" in value && "clone" in value;
}

function isJson(request: Request): boolean {
  if (request.body === null || request.bodyUsed) return false;
  const type = request.headers.get("content-type");
  return type !== null && /^application\/json\s*(;|$)/i.test(type);
}

function isReplayable(body: unknown): boolean {
  return (
    body === undefined ||
    body === null ||
    typeof body === "string" ||
    body instanceof URLSearchParams ||
    body instanceof ArrayBuffer ||
    ArrayBuffer.isView(body) ||
    body instanceof FormData ||
    body instanceof Blob
  );
}
