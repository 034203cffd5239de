// Which browser the tests use: the one that `cargo xtask test www` names, or else the one in the path.
import { existsSync } from "node:fs";
import path from "node:path";
import { launch } from "../../runtimes/hosts/browser.mjs";

/** Starts the browser, which whoever asks for it has to close. */
export function startBrowser() {
  return launch(process.env.TIDEGATE_CHROMIUM ?? inPath());
}

function inPath() {
  const folders = (process.env.PATH ?? "").split(path.delimiter);
  const found = NAMES.flatMap((name) => folders.map((folder) => path.join(folder, name))).find((file) => existsSync(file));
  if (found === undefined) throw new Error("there is no Chromium: install it, or name it in TIDEGATE_CHROMIUM");
  return found;
}

const NAMES = ["chromium", "chromium-browser", "google-chrome-stable", "google-chrome"];
