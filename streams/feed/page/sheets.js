/* On a phone, one sheet at a time: the map, the list or the details. */

import { byId } from "./web/words.js";

export class Sheets {
  /* `details`: whether anything is open. */
  constructor(details) {
    this.details = details;
    byId("tabs").addEventListener("click", (event) => {
      const tab = event.target.closest("[data-view]");
      if (tab) this.show(tab.dataset.view);
    });
  }

  show(name) {
    if (name === "panel" && !this.details()) name = "map";
    document.body.dataset.view = name;
    for (const tab of document.querySelectorAll("#tabs [data-view]")) tab.setAttribute("aria-pressed", String(tab.dataset.view === name));
  }
}
