import { coloursOf } from "../colour.js";

/** The colours that are drawn with, as the theme has them. */
export interface Palette {
  readonly lane: string;
  readonly batch: string;
  readonly refused: string;
  readonly done: string;
  readonly failed: string;
  readonly zone: string;
  readonly line: string;
}

/** Reads them from an element, whose style says which lane it is. */
export function paletteOf(element: HTMLElement): Palette {
  const colour = coloursOf(element);
  return {
    lane: colour("--lane"),
    batch: colour("--lane-batch"),
    refused: colour("--refused"),
    done: colour("--done"),
    failed: colour("--line-strong"),
    zone: colour("--sunken"),
    line: colour("--line-strong"),
  };
}
