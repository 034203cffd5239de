import { showPanels } from "./panels/index.js";

showPanels();
