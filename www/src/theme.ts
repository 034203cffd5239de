// The theme of the page. It imports nothing, because the page is not drawn before it has run.
apply(kept());
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => apply(kept()));
if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", follow);
else follow();

function follow(): void {
  const select = document.querySelector<HTMLSelectElement>("#theme");
  if (select === null) return;
  select.value = document.documentElement.dataset["theme"] ?? "system";
  select.addEventListener("change", () => {
    keep(select.value);
    apply(select.value);
  });
}

function apply(theme: string | null): void {
  const { dataset } = document.documentElement;
  if (theme === "light" || theme === "dark") dataset["theme"] = theme;
  else delete dataset["theme"];
  // What is drawn on a canvas has to be drawn anew.
  document.dispatchEvent(new Event("themechange"));
}

/** Where pages may keep nothing, the system's theme is meant. */
function kept(): string | null {
  try {
    return localStorage.getItem("tidegate-theme");
  } catch {
    return null;
  }
}

function keep(theme: string): void {
  try {
    localStorage.setItem("tidegate-theme", theme);
  } catch {}
}

export {};
