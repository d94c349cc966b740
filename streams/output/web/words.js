/* Elements and text, safe for text from strangers; and how numbers, times and places are written. */

export const byId = (id) => document.getElementById(id);

/* Names come by radio from strangers. Control characters, and those that change the direction of text, are replaced. */
const STRANGE = /[\p{Cc}\p{Cs}\u061C\u200B-\u200F\u2028-\u202E\u2060-\u2069\uFEFF]/gu;
export const clean = (value) => String(value).replace(STRANGE, "\uFFFD");

const SVG = "http://www.w3.org/2000/svg";
const SVG_NAMES = new Set(["svg", "g", "path", "line", "rect", "circle", "text"]);

/* An element with attributes, listeners and children. Text becomes text nodes, never markup. */
export function el(name, attributes = {}, ...children) {
  const node = SVG_NAMES.has(name) ? document.createElementNS(SVG, name) : document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (typeof value === "function") node.addEventListener(key, value);
    else if (value !== null && value !== undefined && value !== false) node.setAttribute(key, value === true ? "" : clean(value));
  }
  for (const child of children.flat(Infinity)) {
    if (child === null || child === undefined || child === false) continue;
    node.append(child instanceof Node ? child : clean(child));
  }
  return node;
}

/* Text from strangers, isolated so that its direction of writing does not affect the text around it. */
export const bdi = (value) => el("bdi", {}, value);

export const number = (value, digits = 2) => value.toLocaleString("en-GB", { maximumFractionDigits: digits }).replace("-", "−");
export const plural = (count, one, many = one + "s") => `${number(count)} ${count === 1 ? one : many}`;
const two = (value) => String(value).padStart(2, "0");

export function human(word) {
  const words = String(word).replace(/_/g, " ").replace(/([a-z])([A-Z])/g, "$1 $2").toLowerCase();
  return (words.charAt(0).toUpperCase() + words.slice(1)).replace(/\b(sts|mmsi|imo|ais)\b/gi, (short) => short.toUpperCase());
}

const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
export const clock = (ms) => { const t = new Date(ms); return `${two(t.getUTCHours())}:${two(t.getUTCMinutes())}`; };
export const day = (ms) => { const t = new Date(ms); return `${t.getUTCDate()} ${MONTHS[t.getUTCMonth()]}`; };
export const moment = (ms) => `${day(ms)} ${new Date(ms).getUTCFullYear()} ${clock(ms)} UTC`;

/* A time in UTC; in the reader's time zone on hover. */
export function timeOf(iso, text = moment(Date.parse(iso))) {
  const local = new Date(iso).toLocaleString(undefined, { dateStyle: "medium", timeStyle: "long" });
  return el("time", { datetime: iso, title: `Your time: ${local}` }, text);
}

export function duration(hours) {
  const minutes = Math.round(hours * 60);
  return minutes < 60 ? `${minutes}\u00a0min` : `${Math.floor(minutes / 60)}\u00a0h\u00a0${two(minutes % 60)}\u00a0min`;
}

export const kilometres = (km) => (Math.abs(km) < 1 ? `${number(km * 1000, 0)} m` : `${number(km, km < 10 ? 2 : 0)} km`);

function degrees(value, positive, negative) {
  const minutes = Math.round(Math.abs(value) * 60000) / 1000;
  return `${Math.floor(minutes / 60)}°\u00a0${(minutes % 60).toFixed(3).padStart(6, "0")}′\u00a0${value < 0 ? negative : positive}`;
}
export const turned = (lon) => ((((lon + 180) % 360) + 360) % 360) - 180;
export const place = (lon, lat) => `${degrees(lat, "N", "S")}, ${degrees(turned(lon), "E", "W")}`;

/* Names of fields end with their unit, as in Global Fishing Watch's Events API. */
const UNITS = [
  [/Kilometers$|Km$/, kilometres],
  [/Knots$/, (value) => `${number(value, 1)} kn`],
  [/Hours$/, duration],
  [/Meters$/, (value) => `${number(value, 1)} m`],
  [/Degrees$/, (value) => `${number(value, 0)}°`],
];

export function fact(key, value) {
  const unit = UNITS.find(([end]) => end.test(key));
  const label = human(unit ? key.replace(unit[0], "") : key);
  if (value === null) return [label, "not known"];
  if (typeof value === "boolean") return [label, value ? "yes" : "no"];
  if (typeof value === "number") return [label, unit ? unit[1](value) : number(value)];
  if (Array.isArray(value)) return [label, value.join(", ") || "none"];
  if (/name$/i.test(key)) return [label, bdi(value)];
  if (/^\d{4}-\d\d-\d\dT[\d:.]+Z$/.test(value)) return [label, timeOf(value)];
  return [label, bdi(/^[a-z]+(_[a-z]+)+$/.test(value) ? value.replaceAll("_", " ").replace(/^russian/, "Russian") : value)];
}

const regions = new Intl.DisplayNames(["en"], { type: "region" });
export function country(code) {
  try { return `${regions.of(code)} (${code})`; } catch { return String(code); }
}

const SHIP_TYPES = { 30: "fishing", 31: "towing", 32: "towing", 35: "military", 36: "sailing", 37: "pleasure craft",
  50: "pilot", 51: "search and rescue", 52: "tug", 53: "port tender", 55: "law enforcement" };
const SHIP_TENS = { 2: "wing in ground", 4: "high-speed craft", 6: "passenger", 7: "cargo", 8: "tanker", 9: "other" };
export const shipType = (code) => SHIP_TYPES[code] ?? SHIP_TENS[Math.floor(code / 10)] ?? "not defined";

const TYPES = { encounter: "Suspected transfer", loitering: "Loitering", gap: "AIS gap", port_visit: "Port visit",
  dark_port_visit: "Possible dark port visit", dark_encounter: "Possible dark encounter",
  dark_vessel: "Vessel seen, not heard",
  identity: "Identity anomaly", position_anomaly: "Position anomaly", chain: "Delivery chain", fence_entry: "Fence entered", fence_exit: "Fence left" };
export const typeName = (type) => TYPES[type] ?? human(type);

export const vesselsOf = (event) => event.chain?.vessels
  ?? [event.vessel, ...[event.encounter, event.darkEncounter].filter(Boolean).map((met) => met.vessel),
    ...event.identity?.others ?? [], ...event.positionAnomaly?.others ?? []];
/* Whether a vessel is on a watchlist by this match, now and surely. Events of before matches had a status have none. */
export const inForce = (hit) => !hit.weak && (hit.status ?? "listed") === "listed";
export const vesselName = (vessel) => vessel.name ?? (vessel.ssvid === "000000000" ? "unknown vessel" : `MMSI ${vessel.ssvid}`);
