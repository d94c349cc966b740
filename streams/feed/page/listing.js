/* What of the loaded events the list and the map show, and what is said above the list. */

import { byId, plural } from "./web/words.js";
import { grouped, sorted } from "./cases.js";
import { wordsOf } from "./selection.js";

/* {all, kept: cases and singles, shown: their events, gone: those that were dismissed}. `text`: words that all have to occur. */
export function listing(events, text, order, showDismissed) {
  const wanted = text.toLowerCase().split(/\s+/).filter(Boolean), all = sorted(events.all, order);
  const found = wanted.length ? all.filter((event) => { const words = wordsOf(event); return wanted.every((word) => words.includes(word)); }) : all;
  const dismissed = (event) => events.reviews.get(event.id)?.disposition === "dismissed", groups = grouped(found);
  const gone = [...groups.cases.map(({ event }) => event), ...groups.singles].filter(dismissed);
  const kept = showDismissed ? groups : { cases: groups.cases.filter(({ event }) => !dismissed(event)), singles: groups.singles.filter((event) => !dismissed(event)) };
  return { all, kept, gone, shown: [...kept.cases.map(({ event }) => event), ...kept.singles] };
}

/* `nothing`: what an empty list means. */
export function sayCounts({ all, kept, gone, shown }, showDismissed, events, nothing) {
  const parts = [kept.cases.length && plural(kept.cases.length, "case"), kept.singles.length && plural(kept.singles.length, "single event")].filter(Boolean);
  byId("count").textContent = parts.length ? parts.join(", ") + (events.more ? ", and more" : "") : "";
  byId("tab-count").textContent = String(shown.length);
  byId("dismissed").hidden = !gone.length;
  byId("dismissed").textContent = showDismissed ? "hide dismissed" : `${gone.length} dismissed`;
  byId("dismissed").setAttribute("aria-pressed", String(showDismissed));
  byId("more").hidden = !events.more;
  byId("none").hidden = shown.length > 0;
  byId("none").textContent = all.length ? "None of the loaded events matches." : events.loading ? [...events.hints.map((hint) => `${hint}.`), nothing].join(" ") : "";
}
