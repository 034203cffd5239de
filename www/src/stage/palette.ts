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
export function paletteOf(element: Element): Palette {
  const style = getComputedStyle(element);
  const read = (name: string): string => style.getPropertyValue(name).trim();
  return {
    lane: read("--lane"),
    batch: read("--lane-batch"),
    refused: read("--refused"),
    done: read("--done"),
    failed: read("--line-strong"),
    zone: read("--sunken"),
    line: read("--line-strong"),
  };
}
