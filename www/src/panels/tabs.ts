/**
 * Tabs as WAI-ARIA describes them: one of them is in the tab order, arrow keys, Home and End move and select at once.
 *
 * @param shown Is called with the id of a panel when it is shown, also for the first.
 */
export function connectTabs(list: Element, shown: (panelId: string) => void): void {
  const tabs = [...list.querySelectorAll<HTMLElement>('[role="tab"]')];
  const select = (chosen: HTMLElement): void => {
    for (const tab of tabs) {
      const isChosen = tab === chosen;
      tab.ariaSelected = String(isChosen);
      tab.tabIndex = isChosen ? 0 : -1;
      const panel = document.getElementById(panelIdOf(tab));
      if (panel !== null) panel.hidden = !isChosen;
    }
    shown(panelIdOf(chosen));
  };
  for (const [index, tab] of tabs.entries()) {
    tab.addEventListener("click", () => select(tab));
    tab.addEventListener("keydown", (event) => {
      if (event.altKey || event.ctrlKey || event.metaKey || event.shiftKey) return;
      const target = tabs[targetOf(event.key, index, tabs.length) ?? -1];
      if (target === undefined) return;
      event.preventDefault();
      target.focus();
      select(target);
    });
  }
  const first = tabs.find((tab) => tab.ariaSelected === "true") ?? tabs[0];
  if (first !== undefined) select(first);
}

function targetOf(key: string, index: number, count: number): number | undefined {
  switch (key) {
    case "ArrowRight":
      return (index + 1) % count;
    case "ArrowLeft":
      return (index - 1 + count) % count;
    case "Home":
      return 0;
    case "End":
      return count - 1;
    default:
      return undefined;
  }
}

function panelIdOf(tab: Element): string {
  return tab.getAttribute("aria-controls") ?? "";
}
