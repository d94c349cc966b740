/* The notice above the list: what the server refused, for some seconds. */

import { Refusal } from "./api.js";
import { later } from "./later.js";
import { byId, el } from "./web/words.js";

const SHOWN = 8000; // milliseconds

/* Says a refusal; throws any other error. */
export function refused(error) {
  if (!(error instanceof Refusal)) throw error;
  byId("notice").replaceChildren(el("bdi", {}, error.message));
  byId("notice").hidden = false;
  later("notice", () => { byId("notice").hidden = true; }, SHOWN);
}
