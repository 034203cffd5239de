import type { SceneOptions } from "../scene/options.js";
import { CodePanel } from "./code/panel.js";
import { HeadersPanel } from "./headers/panel.js";
import { NumbersPanel } from "./numbers/panel.js";
import { connectTabs } from "./tabs.js";

/** The panels below the stage. */
export interface Panels {
  /** Shows code and numbers for another scene. */
  show(options: SceneOptions): void;
}

/** What the panels ask of the page. */
export interface PanelHooks {
  /** "Watch this": the page runs this scene; what is not given stays as it is. */
  watch(options: Partial<SceneOptions>): void;
}

/** Brings the panels of the page to life. They are in its HTML; to be called once. */
export function showPanels(hooks: PanelHooks): Panels {
  const numbers = new NumbersPanel(hooks);
  const headers = new HeadersPanel();
  const code = new CodePanel();
  const tablist = document.querySelector(".panels [role=tablist]");
  if (tablist === null) throw new Error("The page has no panels.");
  connectTabs(tablist, (panelId) => {
    if (panelId === "panel-headers") headers.begin();
  });
  return {
    show(options) {
      numbers.follow(options);
      code.show(options);
    },
  };
}
