/* What a case says at one look: how much, how sure, since when, how long still; and its legs, numbered as on the map. */

import { bdi, clock, day, duration, el, human, timeOf, typeName, vesselName, vesselsOf } from "./web/words.js";
import { section } from "./web/event.js";
import { barrelsOf, legsOf, mayHaveEnded, nextOf } from "./cases.js";

/* "4 d 6 h to Nampo", by the newest time of the data in milliseconds; null if the earliest arrival has passed. The event itself says
   how long it was when it was detected, and no revision comes while only time passes. */
export function left({ earliestArrival, portName }, now) {
  const minutes = Math.floor((Date.parse(earliestArrival) - now) / 60000), hours = Math.floor(minutes / 60); // it is a lower bound
  if (minutes < 0) return null;
  return `${hours >= 48 ? `${Math.floor(hours / 24)} d ${hours % 24} h` : hours ? `${hours} h` : `${minutes} min`} to ${portName.split(",")[0]}`;
}

/* "28 Oct 11:48" */
export const dayAndClock = (iso) => `${day(Date.parse(iso))} ${clock(Date.parse(iso))}`;

const figure = (label, value, more) => el("div", {}, el("dt", {}, label), el("dd", {}, el("b", {}, value), more && el("span", { class: "small" }, " ", more)));

/* The figures of a chain. `landed`: deliveries; `now`: the newest time of the data. */
export function figures(event, landed, now) {
  const { chain } = event, arrival = nextOf(event), barrels = barrelsOf(landed), basis = [...new Set(landed.map((each) => each.basis))];
  const last = legsOf(event).at(-1), ended = chain.delivered || mayHaveEnded(event);
  return el("dl", { class: "figures" },
    barrels ? figure("May have landed", barrels.about.replace("about ", "≈ "), `${barrels.range}; by ${basis.map((each) => bases(each)).join(" and ")}`)
      : figure("May have landed", ended ? "not known" : "nothing yet", ended ? "no size of the vessel is known" : ""),
    figure("How sure", human(event.level), `score ${event.score.toFixed(2)} of 1`),
    arrival && left(arrival, now) ? figure("Time left, at least", left(arrival, now), el("span", {}, "by speed and distance from the last leg: ", timeOf(arrival.earliestArrival)))
      : arrival ? figure("Earliest arrival", timeOf(arrival.earliestArrival, `${dayAndClock(arrival.earliestArrival)} UTC`), el("span", {}, bdi(arrival.portName.split(",")[0]), ", by speed and distance from the last leg"))
      : figure(chain.delivered ? "At a port of North Korea" : last.type === "dark_port_visit" ? "Possible call, at the earliest" : "Last heard of", `${day(Date.parse(last.start))} ${clock(Date.parse(last.start))} UTC`, bdi(last.place)));
}

const bases = (text) => (text.startsWith("size not known") ? "no size" : text);

/* The legs of a chain. on: event(id), leg(leg) when one is pointed at or chosen. */
export function legList(event, on) {
  const names = new Map(vesselsOf(event).map((vessel) => [vessel.ssvid, vesselName(vessel)])), name = (ssvid) => bdi(names.get(ssvid) ?? `MMSI ${ssvid}`);
  const tones = tonesOf(event);
  const ship = (ssvid) => el("span", { class: `ship ${tones.get(ssvid) ?? ""}` }, name(ssvid));
  return section("The oil's suspected way", el("ol", { class: "legs" }, legsOf(event).map((leg) => el("li", { mouseenter: () => on.leg(leg), mouseleave: () => on.leg(null) },
    el("button", { type: "button", class: "leg", "aria-label": `Show leg ${leg.number} on the map`, click: () => on.zoom(leg) }, leg.number),
    el("div", {},
      el("div", {}, el("b", {}, leg.possible ? `Possible ${leg.kind}` : human(leg.kind)), leg.place === "at sea" ? " " : leg.kind === "transfer" ? ", " : " at ", el("b", {}, bdi(leg.place)), ": ",
        leg.fromSsvid ? [ship(leg.fromSsvid), " → ", ship(leg.ssvid)] : ship(leg.ssvid)),
      el("div", { class: "small" }, span(leg), " · ", el("a", { href: on.link(leg.event), click: (clicked) => { clicked.preventDefault(); on.event(leg.event); } },
        `${leg.level} ${typeName(leg.type).toLowerCase().replace(/^(suspected|possible) /, "")}`), ` · confidence ${leg.confidence.toFixed(2)}`))))));
}

function span(leg) {
  const start = Date.parse(leg.start), end = leg.end && Date.parse(leg.end);
  const to = end ? `${day(end) === day(start) ? "" : `${day(end)} `}${clock(end)} UTC, ${duration((end - start) / 3600000)}` : "open";
  return `${day(start)} ${clock(start)} – ${to}`;
}

/* A colour name for each vessel of an event, by MMSI. The first two are those of the plots. */
export const TONES = ["a", "b", "c", "d", "e"];
export const tonesOf = (event) => new Map(vesselsOf(event).map((vessel, i) => [vessel.ssvid, TONES[i % TONES.length]]));
