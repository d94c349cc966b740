/* The page's address: filters, search, map view, the open event or vessel, and the moment of a recording. A link shows another reader the same,
   and the browser's back button works. */

import * as selections from "./selection.js";

/* {selection, text, event, vessel, at: milliseconds or null, dossier: whether only the open event is shown,
   to be printed, view: {zoom, lat, lon} or null} */
export function read() {
  const parameters = new URLSearchParams(location.search);
  const [zoom, lat, lon] = (parameters.get("map") ?? "").split("/").map(Number);
  const seen = [zoom, lat, lon].every(Number.isFinite) && Math.abs(lat) <= 90 && zoom >= 0;
  const mmsi = parameters.get("vessel") ?? "";
  return {
    selection: selections.parse(parameters),
    text: parameters.get("q") ?? "",
    event: parameters.get("event"),
    vessel: /^\d{1,9}$/.test(mmsi) ? Number(mmsi) : null,
    at: Number.isNaN(Date.parse(parameters.get("at"))) ? null : Date.parse(parameters.get("at")),
    dossier: parameters.get("dossier") === "true",
    view: seen ? { zoom, lat, lon } : null,
  };
}

function textOf({ selection, text, event, vessel, at, dossier, view }) {
  const parameters = new URLSearchParams(selections.pairs(selection));
  if (text) parameters.set("q", text);
  if (event) parameters.set("event", event);
  if (vessel) parameters.set("vessel", String(vessel));
  if (dossier) parameters.set("dossier", "true");
  let query = parameters.toString();
  if (at) query += `${query ? "&" : ""}at=${momentOf(at)}`; // colons need no escape in a query, and people read links
  if (view) query += `${query ? "&" : ""}map=${view.zoom.toFixed(2).replace(/\.?0+$/, "")}/${view.lat.toFixed(4)}/${view.lon.toFixed(4)}`;
  return `${location.pathname}${query ? `?${query}` : ""}`;
}

/* `push`: as a new entry of the browser's history. */
export function write(state, push = false) {
  const text = textOf(state);
  if (text === location.pathname + location.search) return;
  history[push ? "pushState" : "replaceState"](null, "", text);
}

const momentOf = (at) => new Date(at).toISOString().replace(/(:00)?\.000Z$/, "Z").replace(/T(\d\d:\d\d)Z$/, "T$1:00Z");

/* A link to an event at the moment that is shown, without the rest. */
export const linkTo = (event, at = read().at) => textOf({ selection: selections.NONE, event, at });

/* A link to its dossier: the event alone, to be printed. */
export const dossierOf = (event) => textOf({ selection: selections.NONE, event, at: read().at, dossier: true });
