import { ignore } from "../glue/body.js";
import { likeBody, readAlready, responseOf, shownOf } from "./aws-body.js";
import { endWithEvents } from "./aws-events.js";
import { type AwsArguments, type AwsHandler, type AwsRequest, type AwsResult, isResponse } from "./aws-types.js";

/**
 * One way of a request through the SDK: signed, sent, and answered. Where its answer passes, next to the handler, the
 * limiter is shown it, and the SDK reads on when the limiter hands it over.
 */
export class Attempt {
  /** The server's answer, before anybody has read it; or why there is none. */
  readonly head: Promise<Response>;
  /** Whether the client's handler was asked to send. */
  wasSent = false;
  private readonly result: Promise<AwsResult>;
  private readonly answer: Promise<Response>;
  private readonly isAnswered: boolean;
  private leave: () => void = ignore;
  private hand!: (response: Response) => void;
  private drop!: (reason: unknown) => void;
  private show!: (response: Response) => void;
  private fail!: (reason: unknown) => void;

  /** @param isAnswered nothing is sent, as {@link read} brings the answer. */
  constructor(next: AwsHandler, args: AwsArguments, request: AwsRequest, isAnswered = false) {
    this.isAnswered = isAnswered;
    this.head = new Promise((resolve, reject) => {
      this.show = resolve;
      this.fail = reject;
    });
    this.answer = new Promise((resolve, reject) => {
      this.hand = resolve;
      this.drop = reject;
    });
    this.answer.catch(ignore);
    this.head.catch(ignore);
    this.result = next({ ...args, request, [ATTEMPT]: this } as AwsArguments);
    this.result.then(({ response }) => this.show(readAlready(response)), this.fail);
  }

  /** What the SDK makes of the answer, which the limiter delivers. */
  async read(response: Response): Promise<AwsResult> {
    this.hand(response);
    const result = await this.result;
    endWithEvents(result.output, () => this.leave());
    return result;
  }

  /** Nobody reads this answer. */
  giveUp(): void {
    this.drop(new Error("tidegate has given this attempt up"));
  }

  /** Stands next to the handler. */
  async pass(next: AwsHandler, args: AwsArguments): Promise<AwsResult> {
    if (this.isAnswered) return { response: responseOf(await this.answer) };
    this.wasSent = true;
    const result = await next(args);
    const { response } = result;
    if (!isResponse(response)) return result;
    const shown = shownOf(response);
    this.show(shown);
    const answer = await this.answer;
    // One that nobody observes has not been touched.
    if (answer !== shown) {
      const { body, leave } = likeBody(response.body, answer.body);
      response.body = body;
      this.leave = leave;
    }
    return result;
  }
}

/** The middleware for {@link Attempt.pass}. */
export function tapAnswers(next: AwsHandler): AwsHandler {
  return (args) => {
    const attempt = (args as { [ATTEMPT]?: Attempt })[ATTEMPT];
    return attempt === undefined ? next(args) : attempt.pass(next, args);
  };
}

/** Travels with the arguments, which every middleware gives on. */
const ATTEMPT = Symbol("tidegate");
