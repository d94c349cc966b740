/* Cases: what the list shows first. A chain with the events of its legs; else an encounter with the loiterings of its
   vessels meanwhile. What belongs to no case is a single event. */

import { isPossible } from "./web/event.js";
import { bdi, clean, el, number, vesselName, vesselsOf } from "./web/words.js";

const MET = ["encounter", "dark_encounter"];
export const isCase = (event) => event.status !== "retracted" && (event.type === "chain" || MET.includes(event.type));

const overlap = (one, other) => one.start <= (other.end ?? other.detected) && other.start <= (one.end ?? one.detected);

const ports = new Map(); // names by UN/LOCODE

/* Takes the names of ports from the properties of fences: what stands before the comma. */
export function knowPorts(fences) {
  for (const { locode, name } of fences) if (locode && !ports.has(locode)) ports.set(locode, name.split(",")[0]);
}

export const portName = (locode) => ports.get(locode) ?? locode;

/* {cases: [{event, folded: [events]}], singles: [events]}, both in the order of `events`. */
export function grouped(events) {
  const byId = new Map(events.map((event) => [event.id, event])), caseOf = new Map();
  const claim = (id, owner) => { if (id !== owner.id && !caseOf.has(id)) caseOf.set(id, owner); };
  const chains = events.filter((event) => event.type === "chain" && isCase(event)).sort((a, b) => b.score - a.score);
  for (const chain of chains) for (const leg of chain.chain.legs) claim(leg.event, chain);
  for (const met of events.filter((event) => MET.includes(event.type) && isCase(event))) {
    const vessels = vesselsOf(met).map((vessel) => vessel.ssvid);
    for (const event of events) {
      if (event.type === "loitering" && event.status !== "retracted" && vessels.includes(event.vessel.ssvid) && overlap(event, met)) claim(event.id, caseOf.get(met.id) ?? met);
    }
  }
  const folded = new Map();
  for (const [id, owner] of caseOf) if (byId.has(id)) folded.set(owner.id, [...folded.get(owner.id) ?? [], byId.get(id)]);
  const free = events.filter((event) => !caseOf.has(event.id));
  return {
    cases: free.filter(isCase).map((event) => ({ event, folded: folded.get(event.id) ?? [] })),
    singles: free.filter((event) => !isCase(event)),
  };
}

/* The legs of a chain by time, each with its number and a name for where it was. */
export function legsOf(event) {
  return event.chain.legs.toSorted((a, b) => (a.start < b.start ? -1 : a.start > b.start ? 1 : 0)).map((leg, i) => ({ ...leg, number: i + 1, place: placeOf(leg), possible: isPossible(event, leg) }));
}

const short = (name) => clean(name).split(",")[0];

let fencesAt = () => [];

/* Takes a function that gives the fences at a position (lon, lat), the smallest first. */
export function knowFences(at) {
  fencesAt = at;
}

/* The port of a leg, or else the fence that its position is in. */
function placeOf({ portName, position }) {
  const name = portName ?? fencesAt(position.lon, position.lat)[0]?.name;
  return name ? short(name) : "at sea";
}

/* "Vostochny → at sea → Nampo?", with a question mark after a call that nobody saw; the port that may be next in brackets while
   the oil is on its way. */
export function routeOf(event) {
  const legs = legsOf(event), names = [];
  if (event.chain.source === "unknown" && legs[0]?.kind !== "load") names.push("unknown source");
  for (const leg of legs) {
    const name = leg.possible ? `${leg.place}?` : leg.place;
    if (names.at(-1) !== name) names.push(name);
  }
  if (!event.chain.delivered && nextOf(event)) names.push(`(${short(nextOf(event).portName)}?)`);
  return names.length > 5 ? [names[0], "…", ...names.slice(-2)] : names;
}

/* Whether it ends in a call at a North Korean port that nobody saw, so only possibly. */
export const mayHaveEnded = ({ chain }) => !chain.delivered && chain.legs.some((leg) => leg.kind === "discharge");

/* The earliest arrival that is still ahead, or null. */
export const nextOf = ({ chain, status }) => (chain.delivered || status !== "open" ? null : chain.arrivals.toSorted((a, b) => a.hoursLeft - b.hoursLeft)[0] ?? null);

/* Who had the oil, in that order: names of vessels. */
function carriersOf(event) {
  const named = new Map(vesselsOf(event).map((vessel) => [vessel.ssvid, vesselName(vessel)])), order = [];
  for (const leg of legsOf(event)) for (const ssvid of [leg.fromSsvid, leg.ssvid]) if (ssvid && !order.includes(ssvid)) order.push(ssvid);
  for (const ssvid of named.keys()) if (!order.includes(ssvid)) order.push(ssvid);
  return order.map((ssvid) => named.get(ssvid) ?? `MMSI ${ssvid}`);
}

/* The same as elements, with an arrow from one to the next. */
export const wayOf = (event) => carriersOf(event).flatMap((name, i) => [i ? el("span", { class: "and" }, " → ") : null, bdi(name)]);

/* "about 5,900 barrels (2,900 to 8,800)", or null. */
export function barrelsOf(landed) {
  const sum = (key) => landed.reduce((all, each) => all + each.barrels[key], 0), mid = sum("mid");
  if (!mid) return null;
  const round = (value) => number(Math.round(value / 100) * 100, 0);
  return { about: `about ${round(mid)} barrels`, range: `${round(sum("low"))} to ${round(sum("high"))}` };
}

const ORDERS = {
  time: (a, b) => (a.detected < b.detected ? 1 : a.detected > b.detected ? -1 : a.id < b.id ? 1 : -1),
  score: (a, b) => b.score - a.score,
  level: (a, b) => (a.level === b.level ? 0 : a.level === "probable" ? -1 : 1),
};

/* The events in an order: "time" (of detection, newest first), "score" or "level"; then by time. */
export const sorted = (events, order) => events.toSorted((a, b) => ORDERS[order](a, b) || ORDERS.time(a, b));

/* The probable chain with the highest score, if there is one. */
export const likeliest = (events) => sorted(events.filter((event) => event.type === "chain" && isCase(event) && event.level === "probable"), "score")[0];
