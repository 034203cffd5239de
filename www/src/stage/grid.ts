import type { Mark } from "./mark.js";

/** A rectangle of the stage, in CSS pixels. */
export interface Zone {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

/**
 * Places for marks in a zone: rows that are filled from the right edge on. A mark stays in its row, so that one that
 * leaves moves only those behind it.
 */
export class Grid {
  #pitch: number = PITCHES[0];
  #zone: Zone = { left: 0, top: 0, width: 0, height: 0 };
  /** How many stand in each row. */
  #filled: number[] = [];

  /** From one place to the next, in CSS pixels. */
  get pitch(): number {
    return this.#pitch;
  }

  /** Empties all rows, and chooses how close marks stand so that so many have room. */
  begin(zone: Zone, count: number): void {
    this.#zone = zone;
    const fits = (pitch: number, most: number): boolean => count <= most * capacity(zone, pitch);
    // They move closer when they have to, and apart only where there is much room, so that they seldom do.
    if (!fits(this.#pitch, FULL)) this.#pitch = PITCHES.find((pitch) => fits(pitch, FULL)) ?? SMALLEST;
    else this.#pitch = PITCHES.find((pitch) => pitch > this.#pitch && fits(pitch, ROOMY)) ?? this.#pitch;
    this.#filled = new Array<number>(Math.max(1, Math.floor(zone.height / this.#pitch))).fill(0);
  }

  /** Moves a mark towards the next place of its row, a share of the way. */
  attract(mark: Mark, share: number): void {
    const { left, top, width, height } = this.#zone;
    const rows = this.#filled.length;
    const row = Math.floor(mark.lot * rows);
    const column = this.#filled[row] ?? 0;
    this.#filled[row] = column + 1;
    // Who has no room stands on top of others at the left edge.
    const x = Math.max(left + this.#pitch / 2, left + width - (column + 0.5) * this.#pitch);
    const y = top + ((row + 0.5) * height) / rows;
    mark.x += (x - mark.x) * share;
    mark.y += (y - mark.y) * share;
  }
}

function capacity({ width, height }: Zone, pitch: number): number {
  return Math.floor(width / pitch) * Math.floor(height / pitch);
}

const SMALLEST = 3.5;
/** From the widest on. */
const PITCHES = [13, 11, 9.5, 8, 6.5, 5.5, 4.5, SMALLEST] as const;
/** Rows are not filled evenly. */
const FULL = 0.85;
const ROOMY = 0.5;
