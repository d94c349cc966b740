/* An event in parts, as report and live page show it: reasons, vessels, places, plots, evidence. */

import { bdi, clean, country, duration, day, clock, el, fact, human, inForce, moment, number, place, plural, shipType, timeOf, typeName, vesselName,
  vesselsOf } from "./words.js";
import { plot } from "./plot.js";
import { REASONS } from "./reasons.js";

const detailsOf = (event) => event[event.type.replace(/_(\w)/g, (_, letter) => letter.toUpperCase())] ?? {};
export const badge = (kind, word) => el("span", { class: `badge ${kind}-${word}` }, human(word));
export const tag = (event) => el("span", { class: `tag type-${event.type}` }, typeName(event.type));
export const facts = (pairs) => el("dl", { class: "facts" }, pairs.map(([label, value]) => el("div", {}, el("dt", {}, label), el("dd", {}, value))));
export const section = (title, ...content) => el("section", {}, el("h3", {}, title), content);

/* Both names, one after the other. */
export const who = (event) => vesselsOf(event).map((vessel, i) => [i ? el("span", { class: "and" }, " ↔ ") : null, bdi(vesselName(vessel))]);

/* From start to end; `now`, in milliseconds, is where the data ends. */
export const hoursOf = (event, now) => ((event.end ? Date.parse(event.end) : now) - Date.parse(event.start)) / 3600000;

/* Whether the call of a chain's leg is only possible: the vessel was not heard there, and nobody else saw it. */
export const isPossible = (event, leg) => leg.type === "dark_port_visit" && !event.reasons.some(({ code }) => code === `sighted_${leg.kind}`);

const harbour = (name) => clean(name).split(",")[0];

/* Where an event was, in one line, or null at sea: the port of a call, the ends of a chain, else the fence that its
   position is in, or is near. The position of a silence that is over lies between its ends, and the fence is at one of them. */
export function whereOf(event) {
  if (event.fenceCrossing) return clean(event.fenceCrossing.fenceName);
  if (event.portVisit) return clean(event.portVisit.portName);
  if (event.chain) return [...new Set(event.chain.legs.filter((leg) => leg.portName).map((leg) => harbour(leg.portName) + (isPossible(event, leg) ? "?" : "")))].join(" → ") || null;
  const inside = event.geofences.find((fence) => fence.relation === "inside"), first = inside ?? event.geofences[0];
  if (!first) return null;
  if (event.end && SILENCES.includes(event.type)) return `began or ended ${inside ? "in" : first.relation} ${clean(first.name)}`;
  return inside ? clean(first.name) : `${first.relation} ${clean(first.name)}`;
}

const SILENCES = ["gap", "dark_port_visit"];

export function period(event, open) {
  const start = Date.parse(event.start), end = event.end && Date.parse(event.end);
  if (!end) return `${moment(start)}, ${open}`;
  return `${day(start)} ${clock(start)} – ${day(end) === day(start) ? "" : `${day(end)} `}${clock(end)} UTC ·\u00a0${duration(hoursOf(event))}`;
}

/* A table with a head, and a foot if given; numbers to the right. */
export function table(caption, heads, rows, foot) {
  const row = (cells, kind) => el("tr", {}, cells.map((cell, i) => el(i && kind !== "th" ? "td" : "th",
    { scope: kind === "th" ? "col" : i ? null : "row", class: i && typeof cell === "number" ? "number" : null },
    typeof cell === "number" ? number(cell) : cell)));
  return el("div", { class: "scroll" }, el("table", {}, el("caption", {}, caption),
    el("thead", {}, row(heads, "th")), el("tbody", {}, rows.map((cells) => row(cells))), foot && el("tfoot", {}, row(foot))));
}

/* Score, times, place, and whatever its type measures; `open` is said of an event without end. */
export function keyFacts(event, open) {
  return facts([
    ["Score", `${event.score.toFixed(2)} of 1`],
    ["Start", timeOf(event.start)],
    ["End", event.end ? timeOf(event.end) : open],
    ["Position", place(event.position.lon, event.position.lat)],
    ...Object.entries({ ...detailsOf(event), ...event.distances }).filter(([key, value]) => !(value === null && key in event.distances)
      && !(Array.isArray(value) && (!value.length || typeof value[0] === "object")) && (typeof value !== "object" || value === null || Array.isArray(value))).map(([key, value]) => fact(key, value)),
  ]);
}

function groundsOf(title, kind, reasons, sign) {
  const said = ({ unit }, value) => (typeof value === "number" ? `${number(value, 3)}${unit ? ` ${unit}` : ""}` : value);
  return section(title, reasons.length ? el("ul", { class: `grounds ${kind}` }, reasons.map((reason) => el("li", {},
    el("span", { class: "weight", title: "weight in the score" }, `${sign}${Math.abs(reason.weight).toFixed(2)}`),
    el("span", {}, bdi(reason.text), el("span", { class: "small" }, [`${human(reason.code)}`,
      reason.value === null ? null : [": ", bdi(said(reason, reason.value))],
      reason.threshold === null ? null : [" (threshold ", bdi(said(reason, reason.threshold)), ")"]]))))) : el("p", { class: "small" }, "Nothing."));
}

/* Reasons for and against, each with value, threshold and weight; what they add up to; what else there is. */
export const grounds = (event) => [el("div", { class: "columns" }, groundsOf("For", "for", event.reasons, "+"),
  groundsOf("Against", "against", event.against, "−")), sumOf(event), innocentOf(event), legendOf(event)];

/* In whole hundredths, as the weights are given, so that the sum is exact. */
function sumOf({ scoring, reasons, against, score, level }) {
  if (!scoring) return null;
  const hundredths = (value) => Math.round(value * 100), shown = (value) => (value / 100).toFixed(2).replace("-", "−");
  const sum = (some) => some.reduce((total, each) => total + hundredths(each.weight), 0);
  const total = hundredths(scoring.base) + sum(reasons) - sum(against);
  const bound = total > hundredths(scoring.cap) ? ", at most " : total < hundredths(scoring.floor ?? 0) ? ", at least " : null;
  return el("p", { class: "small sum" }, `Score: ${scoring.base.toFixed(2)} for ${level} + ${shown(sum(reasons))} for − ${
    shown(sum(against))} against = ${shown(total)}${bound ? bound + score.toFixed(2) : ""}`);
}

/* The innocent explanation that the reasons speak for most. */
const innocentOf = ({ innocentExplanation: best }) => (best ? el("p", { class: "small" },
  `Most likely innocent explanation: ${best.text} (support ${best.support.toFixed(2)}: ${best.reasons.map(human).join(", ")}).`) : null);

/* Everything that can count for this type of event, with the default thresholds and weights. */
function legendOf({ type }) {
  const rows = REASONS[type]?.reasons ?? [];
  return rows.length ? el("details", { class: "legend" }, el("summary", {}, "Everything that can count"),
    table("With default settings; … stands for what only an event knows.", ["Weight", "Reason", "Sentence"],
      rows.map((row) => [(row.side === "for" ? "+" : "−") + row.weight.toFixed(2),
        row.side === "retraction" ? `${human(row.code)} (the event is retracted)` : human(row.code), row.text]))) : null;
}

export const vesselCards = (event) => section(vesselsOf(event).length > 1 ? "Vessels" : "Vessel",
  el("div", { class: "columns" }, vesselsOf(event).map(vesselCard)));

function vesselCard(vessel, index) {
  const size = vessel.lengthMeters && `${vessel.lengthMeters} × ${vessel.beamMeters ?? "?"} m`;
  const known = [["MMSI", vessel.ssvid], ["IMO", vessel.imo], ["Call sign", vessel.callsign && bdi(vessel.callsign)],
    ["Flag", vessel.flag && country(vessel.flag)],
    ["Type", vessel.aisShipType === null ? human(vessel.type) : `${human(shipType(vessel.aisShipType))} (AIS ${vessel.aisShipType})`],
    ["Size", size], ["Draught", vessel.draughtMeters && `${number(vessel.draughtMeters, 1)} m, self-reported`]];
  return el("div", { class: "card" }, el("h4", {}, el("i", { class: "ab"[index] }), bdi(vessel.name ?? "Name not known")),
    hits(vessel.watchlists), facts(known.map(([label, value]) => [label, value || "not known"])));
}

const MATCHED = { imo: "IMO number", mmsi: "MMSI", callsign: "name and call sign", name: "name" };

/* How a vessel stands on a watchlist: on it, on it later or before, or maybe on it. */
const standing = (hit) => (hit.weak ? "May be on " : hit.status === "listed_later" ? "Listed later, on " : hit.status === "delisted" ? "Was on " : "On ");
const days = (hit) => (hit.status === "delisted" ? `, until ${hit.delistedOn}` : hit.listedOn ? `, from ${hit.listedOn}` : "");

export const hits = (watchlists) => watchlists.map((hit) => el("p", { class: inForce(hit) ? "hit" : "hit weak" }, standing(hit), bdi(hit.list), ": ", bdi(hit.entry),
  `${days(hit)}, ${hit.weak ? "weak match" : "matched"} by ${MATCHED[hit.matchedOn] ?? hit.matchedOn}${hit.asOf ? ` (the list as of ${hit.asOf})` : ""}`));

export const places = (event) => section("Places", el("ul", {}, event.geofences.map((fence) => el("li", {}, bdi(fence.name), ` – ${human(fence.kind)}${
  fence.country ? `, ${country(fence.country)}` : ""}; ${fence.relation}`))));

export const evidence = (event) => section("Evidence", el("p", {}, `${plural(event.evidence.positions.length, "position")} shown. Heard by: `,
  event.evidence.receivers.length ? event.evidence.receivers.map((name, i) => [i ? ", " : "", bdi(name)]) : "no station is named in the data", "."),
el("p", { class: "small" }, `Detector ${event.detector.name} ${event.detector.version}, settings ${event.detector.settingsHash}. Event ${event.id}.`));

export const revisions = (history) => section("Revisions", table("", ["No.", "Detected", "Status", "Level", "Score"], history.map((each) => [
  String(each.revision), timeOf(each.detected), human(each.status), human(each.level), each.score.toFixed(2)])));

/* Whether a reason's threshold is a line in the plot of distances, beside the limits of the rule itself. */
const isPlotted = (event, code) => (REASONS[event.type]?.reasons ?? []).some((row) => row.plotted && row.code === code);

/* Distance and speed over time. `rules` are the rules' own limits by plot and name; `onTime` is told the time
   under the pointer, or null. */
export function plotsOf(event, width, rules, onTime) {
  const { positions } = event.evidence;
  if (positions.length < 2) return [];
  const points = (samples, key) => [...new Map(samples.filter((each) => each[key] !== null).map((each) => [Date.parse(each.time), each[key]]))].sort((a, b) => a[0] - b[0]);
  const limits = (kind, unit) => [
    ...[...event.reasons, ...event.against].filter((reason) => kind === "distance" && isPlotted(event, reason.code) && typeof reason.threshold === "number")
      .map((reason) => [human(reason.code), reason.threshold]),
    ...Object.entries(rules[kind] ?? {}),
  ].map(([name, value]) => ({ value, name: `${name}: ${number(value)} ${unit}` }));
  const times = positions.map((each) => Date.parse(each.time));
  const base = { from: Math.min(...times), to: Math.max(...times), event: [Date.parse(event.start), event.end ? Date.parse(event.end) : Math.max(...times)], onTime };
  const apart = [{ name: "antenna to antenna", tone: "distance", points: points(positions, "distanceMeters") },
    { name: "hull to hull", tone: "gap", points: points(positions, "hullGapMeters") }];
  const speeds = vesselsOf(event).map((vessel, i) => ({ name: vesselName(vessel), tone: "ab"[i],
    points: points(positions.filter((each) => each.ssvid === vessel.ssvid), "speedKnots") }));
  return [{ ...base, title: "Distance", unit: "m", digits: 0, series: apart, limits: limits("distance", "m") },
    { ...base, title: "Speed", unit: "kn", digits: 1, series: speeds, limits: limits("speed", "kn") }]
    .filter((spec) => spec.series.some((each) => each.points.length)).map((spec) => plot(width, spec));
}

/* Hands a file to the reader. */
export function save(content, name) {
  const url = URL.createObjectURL(new Blob([content], { type: "application/json" }));
  el("a", { href: url, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(url), 10000);
}
