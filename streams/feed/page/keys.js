/* Keyboard shortcuts: single keys, except while the reader is typing. */

import { byId, el } from "./web/words.js";

const HELP = [["j, ↓", "next event"], ["k, ↑", "previous event"], ["Enter", "open the event; once more: go to its details"], ["Esc", "close what is open"], ["/", "find a vessel, place or case"], ["f", "filters"],
  ["z", "zoom to the open event or vessel"], ["a", "show all events on the map"], ["m", "measure distances on the map"], ["d", "draw fences"], ["t", "colours: system, light, dark"], ["?", "this help"],
  ["space", "recording: play or pause"], [",, .", "recording: five minutes back or on"], ["<, >", "recording: an hour back or on"], ["p, n", "recording: to the event before or after"],
  ["[, ]", "recording: slower or faster"], ["Home, End", "recording: its beginning or end"]];

/* acts: functions by key. */
export function listen(acts) {
  byId("keys").append(...HELP.map(([key, what]) => el("div", {}, el("dt", {}, key.split(/(?<=.), /).map((one, i) => [i ? " or " : "", el("kbd", {}, one)])), el("dd", {}, what))));
  const help = byId("help");
  byId("help-button").addEventListener("click", () => help.showModal());
  addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || help.open || byId("desk").open || byId("ledger").open || byId("sign-in").open) return;
    const field = event.target.closest?.("input, textarea, select");
    if (event.key === "Escape" && field && !field.closest("#filters")) return field.blur();
    if (field && !["checkbox", "radio", "range"].includes(field.type) && event.key !== "Escape") return;
    const press = event.key === " " && field?.type !== "range"; // sliders have no use for it
    if ((press || event.key === "Enter") && event.target.closest?.("button, a, input, summary")) return; // they act themselves
    if (field?.type === "range" && ["Home", "End"].includes(event.key)) return;
    if (event.key.startsWith("Arrow") && !event.target.closest?.("#list")) return; // the map and the slider use the arrows themselves
    const act = event.key === "?" ? () => help.showModal() : acts[event.key];
    if (!act) return;
    event.preventDefault();
    act();
  });
}
