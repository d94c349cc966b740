/* The selection: the values of all filters. The same filters, under the same names, as in `models/event_filter.py`. */

import { inForce, vesselsOf } from "./web/words.js";

const NEGATED = ["type", "fence", "country", "mmsi", "imo", "flag", "watchlist"]; // "not_type" and so on: events that have none of the values
export const SEVERAL = ["type", "level", "status", "fence", "country", "mmsi", "imo", "flag", "watchlist", ...NEGATED.map((name) => `not_${name}`)];

const countries = (event) => [...event.geofences.map((fence) => fence.country), event.portVisit?.country];
const listsOf = (event) => vesselsOf(event).flatMap((vessel) => vessel.watchlists.filter(inForce).map((hit) => hit.list));

/* The values that an event has for each filter. */
const HAS = {
  type: (event) => [event.type],
  level: (event) => [event.level],
  status: (event) => [event.status],
  fence: (event) => event.geofences.flatMap((fence) => [fence.id, fence.name]), // either may be given
  country: countries,
  mmsi: (event) => vesselsOf(event).map((vessel) => vessel.ssvid),
  imo: (event) => vesselsOf(event).map((vessel) => vessel.imo),
  flag: (event) => vesselsOf(event).map((vessel) => vessel.flag),
  watchlist: (event) => listsOf(event).map((list) => list.toLowerCase()),
};

const SHAPES = {
  country: (value) => value.toUpperCase(),
  flag: (value) => value.toUpperCase(),
  mmsi: (value) => value.padStart(9, "0"),
  watchlist: (value) => value.toLowerCase(),
};
const shape = (name, value) => (SHAPES[name] ?? String)(value);

/* Types that are shown only when they are asked for: port visits are many, and those that matter are legs of cases. */
export const QUIET = ["port_visit"];
const DAY = /^\d{4}-\d{2}-\d{2}$/;

/* No filter is set. Values by name, a box in degrees or null, a score from 0 to 1; days "2026-03-01" or null, both
   included; whether the quiet types are wanted, too. */
export const NONE = Object.freeze({ ...Object.fromEntries(SEVERAL.map((name) => [name, []])), bbox: null, minScore: 0, from: null, to: null, quiet: false });

export function parse(parameters) {
  const several = SEVERAL.map((name) => [name, [...new Set(parameters.getAll(name).flatMap((text) => text.split(",")).map((text) => text.trim())
    .filter(Boolean))]]);
  const box = (parameters.get("bbox") ?? "").split(",").map(Number);
  const score = Number(parameters.get("min_score"));
  return {
    ...Object.fromEntries(several),
    bbox: box.length === 4 && box.every(Number.isFinite) && box[1] < box[3] ? box : null,
    minScore: score > 0 && score <= 1 ? score : 0,
    ...Object.fromEntries(["from", "to"].map((name) => [name, DAY.test(parameters.get(name) ?? "") ? parameters.get(name) : null])),
    quiet: parameters.get("quiet") === "true",
  };
}

/* The selection as pairs for a query to the server, as far as it has these filters; `types`: all types of events. It
   knows when events were detected, which is never before they began. */
export function queryOf(selection, types) {
  const wanted = selection.type.length || selection.quiet ? [] : types.filter((type) => !QUIET.includes(type)).map((type) => ["type", type]);
  const own = pairs(selection).filter(([name]) => !["from", "to", "quiet"].includes(name));
  return [...own, ...wanted, ...(selection.from ? [["start", `${selection.from}T00:00:00Z`]] : [])];
}

/* The selection as pairs for the address of the page. */
export function pairs(selection) {
  const found = SEVERAL.flatMap((name) => selection[name].map((value) => [name, value]));
  if (selection.bbox) found.push(["bbox", selection.bbox.join(",")]);
  if (selection.minScore) found.push(["min_score", String(selection.minScore)]);
  for (const name of ["from", "to"]) if (selection[name]) found.push([name, selection[name]]);
  if (selection.quiet) found.push(["quiet", "true"]);
  return found;
}

export const same = (one, other) => JSON.stringify(pairs(one)) === JSON.stringify(pairs(other));

export function inside([west, south, east, north], { lon, lat }) {
  const across = west > east ? lon >= west || lon <= east : lon >= west && lon <= east;
  return across && lat >= south && lat <= north;
}

export function matches(selection, event) {
  return event.score >= selection.minScore
    && (selection.quiet || selection.type.length > 0 || !QUIET.includes(event.type))
    && (!selection.to || event.start.slice(0, 10) <= selection.to)
    && (!selection.from || (event.end ?? event.detected).slice(0, 10) >= selection.from)
    && (!selection.bbox || inside(selection.bbox, event.position))
    && SEVERAL.every((name) => {
      if (!selection[name].length) return true;
      const own = name.replace(/^not_/, ""), has = HAS[own](event), any = selection[name].some((value) => has.includes(shape(own, value)));
      return any !== name.startsWith("not_");
    });
}

/* The text of an event that the search looks at. */
export const wordsOf = (event) => [event.id, event.summary, ...event.geofences.map((fence) => fence.name),
  ...vesselsOf(event).flatMap((v) => [v.name, v.ssvid, v.imo && `IMO ${v.imo}`, v.callsign, v.flag, ...v.watchlists.map((hit) => hit.list)])]
  .filter(Boolean).join(" ").toLowerCase();
