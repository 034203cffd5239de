import { ignore } from "../glue/body.js";
import { type BodyUsage, DELIVER, type Question } from "../glue/core.js";
import { Timer } from "../glue/timer.js";
import { UnreachableError, unpacked } from "./errors.js";
import { Link, type Target } from "./link.js";
import type { Answer, Message } from "./protocol.js";
import type { KeptAlive } from "./runtime.js";

/** Where the calls of a shared limiter are made. */
export interface Desk extends Target {
  readonly keptAlive: KeptAlive | undefined;
}

/** A call as it is said to the object, as often as that is needed. */
export interface Submission {
  message(ageMs: number): Message;
  readonly bytes: string | Uint8Array | undefined;
  /** Asks what the object wants to know. */
  answer(question: Question): Promise<void>;
  /** What the body that is passing said so far. */
  usageSoFar(): BodyUsage | null;
}

/** The answer that the turn has come. */
export type Started = Answer & { state: "started" };

/** What a call has with the object, from its submission to its end: waited for, held by renewing its lease, given back. */
export class Place {
  readonly id: string = crypto.randomUUID();
  private readonly desk: Desk;
  private readonly link: Link;
  private readonly madeAt: number;
  private readonly giveUp = new AbortController();
  private readonly renewal: Timer;
  private renewMs = 0;
  private submission: Submission | undefined;
  private isSubmitted = false;
  private isOver = false;
  private kept: (() => void) | undefined;

  constructor(desk: Desk) {
    this.desk = desk;
    this.link = new Link(desk);
    this.madeAt = desk.clock.now();
    this.renewal = new Timer(desk.clock, () => this.renew());
  }

  /** Resolves when the turn has come, for the first time or again. Rejects where it never comes. */
  async turn(submission: Submission): Promise<Started> {
    let isKnown = this.isSubmitted;
    this.submission = submission;
    for (;;) {
      this.giveUp.signal.throwIfAborted();
      const answer = await this.askForTurn(submission, isKnown);
      this.giveUp.signal.throwIfAborted();
      switch (answer.state) {
        case "started":
          this.hold(answer.leaseMs);
          return answer;
        case "waiting":
          isKnown = true;
          break;
        case "unknown":
          // The object that knew is gone.
          isKnown = false;
          break;
        case "question":
          await submission.answer(answer.question);
          break;
        case "refused":
          throw unpacked(answer.error);
        default:
          throw new UnreachableError("The Durable Object gives answers that a limiter does not give.");
      }
    }
  }

  /**
   * What the object makes of something that happened: {@link DELIVER} where it knows nothing of the call, and `unheard` where
   * it cannot be asked.
   */
  async verdict(message: Message, bytes?: Uint8Array, unheard: number = DELIVER): Promise<number> {
    try {
      const answer = await this.ask(message, bytes);
      return answer.state === "verdict" ? answer.verdict : DELIVER;
    } catch {
      return unheard;
    }
  }

  ask(message: Message, bytes?: Uint8Array): Promise<Answer> {
    return this.link.ask(message, bytes);
  }

  /** Over, as the object knows or is told now. Resolves when it knows, and never rejects: else the lease ends. */
  async end(message?: Message): Promise<void> {
    if (this.isOver) return;
    this.isOver = true;
    this.renewal.disarm();
    if (message !== undefined) {
      const told = this.ask(message).catch(ignore);
      this.desk.keptAlive?.waitUntil(told);
      await told;
    }
    this.kept?.();
  }

  /** The caller gave up. */
  cancel(reason: unknown, isSent: boolean): void {
    this.giveUp.abort(reason);
    void this.end(this.isSubmitted ? { type: "cancel", id: this.id, isSent } : undefined);
  }

  private askForTurn(submission: Submission, isKnown: boolean): Promise<Answer> {
    const { signal } = this.giveUp;
    this.renewal.disarm();
    if (isKnown) return this.link.ask({ type: "wait", id: this.id }, undefined, signal);
    const ageMs = this.isSubmitted ? this.desk.clock.now() - this.madeAt : 0;
    this.isSubmitted = true;
    return this.link.ask(submission.message(Math.max(ageMs, 0)), submission.bytes, signal);
  }

  /**
   * From here on the Worker stays, as far as it can, to say how the call ended, though its client may have left before. While
   * it waits, it may go with its client: its connection to the object breaks, and the place is given up.
   */
  private hold(leaseMs: number): void {
    if (this.kept === undefined) this.desk.keptAlive?.waitUntil(new Promise<void>((resolve) => (this.kept = resolve)));
    this.renewMs = leaseMs / 2;
    this.renewal.arm(this.desk.clock.now(), this.renewMs);
  }

  private renew(): void {
    const again = () => {
      if (!this.isOver) this.renewal.arm(this.desk.clock.now(), this.renewMs);
    };
    // Where the call is not known any more, there is nothing to hold.
    this.ask({ type: "renew", id: this.id, usage: this.submission?.usageSoFar() ?? null }).then((answer) => answer.state === "done" && again(), again);
  }
}
