/** One request, as a mark on the stage. */
export interface Mark {
  readonly id: number;
  /** Round, where somebody waits for it; square, where it is part of a batch. */
  readonly isInteractive: boolean;
  /** Which row it stands in, from 0 to below 1. */
  readonly lot: number;
  x: number;
  y: number;
  /** Until when it is shown as refused, by the page's clock in milliseconds. */
  refusedUntilMs: number;
  /** When it left, by the page's clock in milliseconds. */
  leftAtMs: number;
}

/** What becomes of marks that go away. */
export type Leaving = "done" | "failed";
