/** Copies the text of an element. Where the page may not, selects it for the visitor to copy, and says false. */
export async function copyText(source: HTMLElement): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(source.textContent ?? "");
    return true;
  } catch {
    // Not in a secure context, or not allowed.
    getSelection()?.selectAllChildren(source);
    return false;
  }
}
