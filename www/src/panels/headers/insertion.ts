/**
 * Lets long texts into a text area at once, and no more of them than `most` UTF-16 code units. Chromium inserts a text
 * line by line: some thousands of lines take it longer than anybody waits, and nothing else happens meanwhile.
 */
export function quickInsertion(area: HTMLTextAreaElement, most: number): void {
  area.addEventListener("beforeinput", (event) => {
    const text = event.data ?? event.dataTransfer?.getData("text/plain") ?? "";
    insertLong(area, text, most, event);
  });
  area.addEventListener("paste", (event) => {
    insertLong(area, event.clipboardData?.getData("text/plain") ?? "", most, event);
  });
}

function insertLong(area: HTMLTextAreaElement, text: string, most: number, event: Event): void {
  if (text.length <= SHORT) return;
  event.preventDefault();
  area.setRangeText(text.slice(0, most), area.selectionStart, area.selectionEnd, "end");
  area.dispatchEvent(new Event("input", { bubbles: true }));
}

/** A text that is inserted in no time, as an ordinary edit that can be undone. */
const SHORT = 2_048;
