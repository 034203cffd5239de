import type { Exchange, Simulation } from "./simulation.js";

/** Who an exchange is played to. After `complete` or `lost` nothing more comes. */
export interface Audience {
  head(status: number, headers: [name: string, value: string][]): void;
  piece(bytes: Uint8Array): void;
  complete(): void;
  lost(): void;
}

/** Plays a planned exchange at its times. Returns a function that stops it and tells the server that the client left. */
export function play(simulation: Simulation, exchange: Exchange, audience: Audience): () => void {
  const { clock } = simulation;
  const { head, pieces, ending, endsAt } = exchange;
  let headSent = head === null;
  let sent = 0;
  let timer: unknown;
  let over = false;

  const advance = (): void => {
    timer = undefined;
    const now = simulation.now();
    if (!headSent && head !== null && head.at <= now) {
      headSent = true;
      audience.head(head.status, head.headers);
    }
    for (let piece = pieces[sent]; !over && piece !== undefined && piece[0] <= now; piece = pieces[sent]) {
      sent += 1;
      audience.piece(bytesOf(piece[1]));
    }
    if (over || endsAt === null) return;
    if (endsAt <= now && sent === pieces.length) {
      over = true;
      return ending === "lost" ? audience.lost() : audience.complete();
    }
    const next = headSent ? (pieces[sent]?.[0] ?? endsAt) : (head?.at ?? endsAt);
    timer = clock.setTimer(advance, Math.min(Math.max(Math.ceil(next - now), 0), MAX_TIMER_MS));
  };
  advance();

  return () => {
    if (over) return;
    over = true;
    if (timer !== undefined) clock.clearTimer(timer);
    simulation.abort(exchange);
  };
}

function bytesOf(piece: string | { base64: string }): Uint8Array {
  return typeof piece === "string" ? encoder.encode(piece) : Uint8Array.from(atob(piece.base64), (byte) => byte.charCodeAt(0));
}

const encoder = new TextEncoder();

/** The longest delay that `setTimeout` holds: a longer one fires at once. */
const MAX_TIMER_MS = 2 ** 31 - 1;
