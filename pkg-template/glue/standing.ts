import type { Clock } from "./clock.js";
import type { HintContext } from "./context.js";
import { NOT_WAITING } from "./core.js";
import { CoreError } from "./errors.js";
import type { GuardedCore } from "./guard.js";
import type { ResolvedHints } from "./hints.js";
import { Timer } from "./timer.js";
import { callReporting } from "./uncaught.js";

/** What {@link Limiter.estimate} expects. */
export interface Estimate {
  /** Milliseconds until such a call would start if it came now; undefined where nobody can tell. */
  readonly waitMs: number | undefined;
}

/** Where a waiting call stands, for the hint `onWait`. */
export interface Standing {
  /** How many calls of its scope go before it as it looks now, counted up to 1,000: 0 for the next one. */
  readonly position: number;
  /** Milliseconds until it is expected to start; undefined where nobody can tell. */
  readonly waitMs: number | undefined;
}

/** Is told where its call stands. */
export type OnWait = (standing: Standing) => void;

/** A waiting call whose caller wants to know where it stands. */
export class Watched {
  /** When it is to be looked at again. */
  lookAt: number = -Infinity;
  private readonly ticket: number;
  private readonly onWait: OnWait;
  private readonly core: GuardedCore;
  private readonly context: HintContext;
  /** The run in which the call was made: the callback belongs to it, whoever's event makes it due. */
  private readonly around: ResolvedHints | undefined;
  private told: Standing | undefined;

  constructor(ticket: number, onWait: OnWait, core: GuardedCore, context: HintContext) {
    this.ticket = ticket;
    this.onWait = onWait;
    this.core = core;
    this.context = context;
    this.around = context.current();
  }

  /** Tells the caller, if there is news. */
  look(now: number): void {
    this.lookAt = now + PAUSE_MS;
    const standing = this.standing(now);
    if (standing === undefined || !isNews(standing, this.told)) return;
    this.told = standing;
    this.context.within(this.around, () => callReporting(() => this.onWait(standing)));
  }

  /** Undefined between two attempts, and when the core has failed, of which the caller is told otherwise. */
  private standing(now: number): Standing | undefined {
    try {
      const waitMs = this.core.outlook(now, this.ticket);
      if (waitMs === NOT_WAITING) return undefined;
      return { position: this.core.position(), waitMs: waitMs < 0 ? undefined : waitMs };
    } catch (error) {
      if (error instanceof CoreError) return undefined;
      throw error;
    }
  }
}

/** Tells waiting calls where they stand. Has a timer only while somebody wants to know. */
export class Standings {
  private readonly clock: Clock;
  private readonly core: GuardedCore;
  private readonly context: HintContext;
  private readonly timer: Timer;
  /** By ticket; those that were looked at longest ago first. */
  private readonly watched = new Map<number, Watched>();
  /** Those that have not been looked at yet. */
  private newcomers: number[] = [];

  constructor(clock: Clock, core: GuardedCore, context: HintContext) {
    this.clock = clock;
    this.core = core;
    this.context = context;
    this.timer = new Timer(clock, () => this.lookRound());
  }

  /** From here to {@link forget}. It is first told by {@link welcome}, when it is known whether the call has to wait. */
  watch(ticket: number, onWait: OnWait): void {
    this.watched.set(ticket, new Watched(ticket, onWait, this.core, this.context));
    this.newcomers.push(ticket);
  }

  forget(ticket: number): void {
    if (this.watched.size > 0 && this.watched.delete(ticket) && this.watched.size === 0) this.timer.disarm();
  }

  /** Nobody waits any more. */
  clear(): void {
    this.watched.clear();
    this.newcomers = [];
    this.timer.disarm();
  }

  /** Tells those who came since the last time, if they wait. */
  welcome(now: number): void {
    if (this.newcomers.length === 0) return;
    const tickets = this.newcomers;
    this.newcomers = [];
    for (const ticket of tickets) this.look(now, ticket);
    this.arm(now);
  }

  private lookRound(): void {
    const now = this.clock.now();
    let looks = LOOKS_A_ROUND;
    for (const [ticket, { lookAt }] of this.watched) {
      if (lookAt > now || looks === 0) break;
      looks -= 1;
      this.look(now, ticket);
    }
    this.arm(now);
  }

  private look(now: number, ticket: number): void {
    const watched = this.watched.get(ticket);
    if (watched === undefined) return;
    // To the end of the line.
    this.watched.delete(ticket);
    this.watched.set(ticket, watched);
    watched.look(now);
  }

  private arm(now: number): void {
    for (const { lookAt } of this.watched.values()) {
      this.timer.arm(now, Math.max(Math.ceil(lookAt - now), ROUND_MS));
      return;
    }
  }
}

/** By a tenth, and by a place or a second at least. */
function isNews(standing: Standing, told: Standing | undefined): boolean {
  if (told === undefined || (standing.waitMs === undefined) !== (told.waitMs === undefined)) return true;
  return differs(standing.position, told.position, 1) || differs(standing.waitMs ?? 0, told.waitMs ?? 0, 1_000);
}

function differs(now: number, told: number, least: number): boolean {
  return Math.abs(now - told) >= Math.max(least, told / 10);
}

/** Between two looks at one call: as often as a person reads it. */
export const PAUSE_MS: number = 1_000;

/** Looks are made in rounds, so that a thousand watched calls do not make a thousand timers. */
const ROUND_MS = 100;

/** So that many watched calls take a bounded share of the time: 1,000 looks a second. */
const LOOKS_A_ROUND = 100;
