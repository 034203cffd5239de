// The theme of the page. A script of its own that is no module, so that it runs before anything is drawn.
(() => {
  const KEY = "tidegate-theme";
  const root = document.documentElement;

  const apply = (theme: string | null): void => {
    if (theme === "light" || theme === "dark") root.dataset["theme"] = theme;
    else delete root.dataset["theme"];
    // What is drawn on a canvas has to be drawn anew.
    document.dispatchEvent(new Event("themechange"));
  };
  // Where pages may keep nothing, the system's theme is meant.
  const kept = (): string | null => {
    try {
      return localStorage.getItem(KEY);
    } catch {
      return null;
    }
  };
  const keep = (theme: string): void => {
    try {
      localStorage.setItem(KEY, theme);
    } catch {}
  };

  apply(kept());
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => apply(kept()));
  document.addEventListener("DOMContentLoaded", () => {
    const select = document.querySelector<HTMLSelectElement>("#theme");
    if (select === null) return;
    select.value = root.dataset["theme"] ?? "system";
    select.addEventListener("change", () => {
      keep(select.value);
      apply(select.value);
    });
  });
})();
