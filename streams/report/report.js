/* The page round the map: header, list with filters, and the panel of the chosen event. */

const entries = data.events;
const found = new Map(entries.map((entry) => [entry.event.id, entry]));
let chosen = null;

const hoursOf = (event) => (Date.parse(event.end ?? data.summary.last ?? event.detected) - Date.parse(event.start)) / 3600000;
const detailsOf = (event) => event[event.type.replace(/_(\w)/g, (_, letter) => letter.toUpperCase())] ?? {};
const badge = (kind, word) => el("span", { class: `badge ${kind}-${word}` }, human(word));
const tag = (event) => el("span", { class: `tag type-${event.type}` }, typeName(event.type));

function period(event) {
  const start = Date.parse(event.start), end = event.end && Date.parse(event.end);
  if (!end) return `${moment(start)}, still open at the end`;
  return `${day(start)} ${clock(start)} – ${day(end) === day(start) ? "" : `${day(end)} `}${clock(end)} UTC ·\u00a0${duration(hoursOf(event))}`;
}

/* ---- header ---- */

function table(caption, heads, rows, foot) {
  const row = (cells, kind) => el("tr", {}, cells.map((cell, i) => el(i && kind !== "th" ? "td" : "th",
    { scope: kind === "th" ? "col" : i ? null : "row", class: i && typeof cell === "number" ? "number" : null },
    typeof cell === "number" ? number(cell) : cell)));
  return el("div", { class: "scroll" }, el("table", {}, el("caption", {}, caption),
    el("thead", {}, row(heads, "th")), el("tbody", {}, rows.map((cells) => row(cells))), foot && el("tfoot", {}, row(foot))));
}

function header() {
  const { summary } = data;
  byId("range").append(...(summary.first ? [timeOf(summary.first), " to ", timeOf(summary.last), " · "] : []),
    `${plural(summary.vessels, "vessel")}, ${plural(summary.tankers, "tanker")} among them`);
  const levels = [...new Set(entries.map(({ event }) => (event.status === "retracted" ? "retracted" : event.level)))].sort();
  const count = (type, level) => entries.filter(({ event }) => (!type || event.type === type)
    && (level === (event.status === "retracted" ? "retracted" : event.level))).length;
  const types = [...new Set(entries.map(({ event }) => event.type))].sort();
  if (types.length) {
    byId("counts").append(table("Events by type and level", ["Type", ...levels.map(human)],
      types.map((type) => [typeName(type), ...levels.map((level) => count(type, level))]), types.length > 1
        && ["All", ...levels.map((level) => count(null, level))]));
  }
  accounting(byId("accounting"), summary);
}

/* Every line of the input by its outcome: the columns sum to the lines read. */
function accounting(box, { sources, outcomes, lines, messages, overtaken, problems }) {
  const total = (source) => Object.values(source.outcomes).reduce((sum, count) => sum + count, 0);
  const sum = sources.reduce((all, source) => all + total(source), 0), shown = sources.length > 1 && sources.length <= 8 ? sources : [];
  box.querySelector("summary").textContent = `Input: ${plural(lines, "line")} from ${plural(sources.length, "source")}, each accounted for`;
  if (sum !== lines) box.querySelector("summary").textContent = `Input: ${plural(lines, "line")} read, but the outcomes sum to ${number(sum)}`;
  const rows = outcomes.map((outcome) => [human(outcome), sources.reduce((all, source) => all + (source.outcomes[outcome] ?? 0), 0),
    ...shown.map((source) => source.outcomes[outcome] ?? 0)]);
  box.append(table("Lines by outcome", ["Outcome", "Lines", ...shown.map((source) => bdi(source.name))], rows,
    ["Sum", sum, ...shown.map(total)]));
  if (!shown.length) box.append(el("p", {}, "Sources: ", sources.map((source, i) => [i ? ", " : "", bdi(source.name)])));
  box.append(el("p", {}, `${plural(messages, "decoded message")}; ${plural(overtaken, "report")} came too late to count.`));
  if (data.omittedTracks) box.append(el("p", {}, `Tracks of ${plural(data.omittedTracks, "vessel")} are left out of the map to keep the page small.`));
  if (problems.length) {
    box.append(el("p", {}, "Not read whole:"), el("ul", {}, problems.map((problem) => el("li", {}, bdi(problem)))));
    box.open = true;
  }
}

/* ---- list ---- */

const form = byId("filters");

function filters() {
  form.hidden = !entries.length;
  for (const key of ["type", "level", "status"]) {
    const values = [...new Set(entries.map(({ event }) => event[key]))].sort();
    const name = key === "type" ? typeName : human;
    form.elements[key].append(el("option", { value: "" }, "All"), ...values.map((value) => el("option", { value }, name(value))));
    if (key === "status" && values.includes("retracted")) form.elements.status.append(el("option", { value: "!retracted" }, "Not retracted"));
  }
  form.addEventListener("input", list);
  form.addEventListener("submit", (event) => event.preventDefault());
}

/* What the search looks through. */
const words = (event) => [event.id, event.summary, ...event.geofences.map((fence) => fence.name),
  ...vesselsOf(event).flatMap((v) => [v.name, v.ssvid, v.imo && `IMO ${v.imo}`, v.callsign, v.flag, ...v.watchlists.map((hit) => hit.list)])]
  .filter(Boolean).join(" ").toLowerCase();

const ORDERS = {
  start: (a, b) => Date.parse(a.start) - Date.parse(b.start),
  latest: (a, b) => Date.parse(b.start) - Date.parse(a.start),
  score: (a, b) => b.score - a.score,
  duration: (a, b) => hoursOf(b) - hoursOf(a),
  type: (a, b) => a.type.localeCompare(b.type),
  name: (a, b) => vesselName(a.vessel).localeCompare(vesselName(b.vessel)),
};

function list() {
  const { text, type, level, status, sort } = Object.fromEntries(new FormData(form));
  const wanted = text.toLowerCase().split(/\s+/).filter(Boolean);
  const events = entries.map(({ event }) => event).filter((event) => (!type || event.type === type) && (!level || event.level === level)
    && (!status || (status[0] === "!" ? event.status !== status.slice(1) : event.status === status))
    && wanted.every((word) => words(event).includes(word))).sort(ORDERS[sort]);
  byId("events").replaceChildren(...events.map((event) => el("li", {}, item(event))));
  byId("shown").textContent = events.length === entries.length ? number(events.length) : `${number(events.length)} of ${number(entries.length)}`;
  byId("none").hidden = events.length > 0;
  byId("none").replaceChildren(...(events.length ? [] : nothing()));
  map.setEvents(events);
  mark();
}

function item(event) {
  const where = event.geofences[0]?.name;
  return el("a", { href: `#${event.id}`, class: event.status === "retracted" ? "retracted" : null, "data-id": event.id },
    el("span", { class: "line" }, tag(event), event.status === "closed" ? null : badge("status", event.status), event.status === "retracted" ? null : badge("level", event.level)),
    el("span", { class: "who" }, vesselsOf(event).map((vessel, i) => [i ? el("span", { class: "and" }, " ↔ ") : null, bdi(vesselName(vessel))])),
    el("span", { class: "line small" }, el("span", {}, period(event)), el("span", { class: "score" }, event.score.toFixed(2))),
    where && el("span", { class: "small" }, bdi(where)));
}

function nothing() {
  if (entries.length) return [el("p", {}, "No event matches these filters.")];
  const { lines, tankers, vessels, messages } = data.summary;
  const why = !lines
    ? "the input holds no line." : !messages ? `none of the ${plural(lines, "line")} could be decoded.`
    : !tankers ? `none of the ${plural(vessels, "vessel")} is known to be a tanker.`
      : `nothing that the ${plural(tankers, "tanker")} among ${plural(vessels, "vessel")} did met a rule.`;
  return [el("p", {}, el("b", {}, "No events: "), why),
    el("p", {}, "This does not prove that nothing took place: a vessel can be out of range, be silent, or send false data.")];
}

function mark() {
  for (const link of byId("events").querySelectorAll("a")) {
    if (link.dataset.id === chosen?.event.id) link.setAttribute("aria-current", "true");
    else link.removeAttribute("aria-current");
  }
}

/* Up and down go through the list like a mail reader's. */
function keys(event) {
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key], links = [...byId("events").querySelectorAll("a")];
  const next = step && links[links.indexOf(document.activeElement) + step];
  if (!next) return;
  event.preventDefault();
  next.focus();
}

/* ---- panel ---- */

const facts = (pairs) => el("dl", { class: "facts" }, pairs.map(([label, value]) => el("div", {}, el("dt", {}, label), el("dd", {}, value))));
const section = (title, ...content) => el("section", {}, el("h3", {}, title), content);

function panelOf({ event, history }, width) {
  const plots = plotsOf(event, width);
  return [
    el("div", { class: "line" }, tag(event), badge("level", event.level), badge("status", event.status)),
    el("h2", { class: event.status === "retracted" ? "retracted" : null }, vesselsOf(event).map((vessel, i) => [i ? " ↔ " : "", bdi(vesselName(vessel))])),
    el("p", { class: "sentence" }, bdi(event.summary)),
    event.status === "retracted" && el("p", { class: "caution" }, "Retracted: later data took this event back. The reasons against say why."),
    el("div", { class: "actions" },
      el("button", { type: "button", click: () => { map.zoomTo(); byId("frame").scrollIntoView({ block: "nearest" }); } }, "Zoom map to event"),
      el("button", { type: "button", click: () => download(event) }, "Download as JSON"),
      el("a", { href: `#${event.id}` }, "Link to this event")),
    facts([
      ["Score", `${event.score.toFixed(2)} of 1`],
      ["Start", timeOf(event.start)],
      ["End", event.end ? timeOf(event.end) : "still open at the end of the data"],
      ["Position", place(event.position.lon, event.position.lat)],
      ...Object.entries({ ...detailsOf(event), ...event.distances }).filter(([key, value]) => !(value === null && key in event.distances)
        && !(Array.isArray(value) && !value.length) && (typeof value !== "object" || value === null || Array.isArray(value))).map(([key, value]) => fact(key, value)),
    ]),
    el("div", { class: "columns" }, grounds("For", "for", event.reasons, "+"), grounds("Against", "against", event.against, "−")),
    plots.length && section("Over time", plots),
    section(event.encounter ? "Vessels" : "Vessel", el("div", { class: "columns" }, vesselsOf(event).map(vesselCard))),
    event.geofences.length && section("Places", el("ul", {}, event.geofences.map((fence) => el("li", {}, bdi(fence.name), ` – ${human(fence.kind)}${
      fence.country ? `, ${country(fence.country)}` : ""}; ${fence.relation}`)))),
    section("Evidence", el("p", {}, `${plural(event.evidence.positions.length, "position")} shown. Heard by: `,
      event.evidence.receivers.length ? event.evidence.receivers.map((name, i) => [i ? ", " : "", bdi(name)]) : "no station is named in the data", "."),
    el("p", { class: "small" }, `Detector ${event.detector.name} ${event.detector.version}, settings ${event.detector.settingsHash}. Event ${event.id}.`)),
    section("Revisions", table("", ["No.", "Detected", "Status", "Level", "Score"], history.map((each) => [String(each.revision), timeOf(each.detected),
      human(each.status), human(each.level), each.score.toFixed(2)]))),
  ].filter(Boolean);
}

/* What the values of reasons are measured in. */
const MEASURES = { duration: "h", slow: "h", silent: "h", alongside: "m", distance: "m", wide_gap: "m", draught: "m",
  near_port: "km", near_shore: "km", stop: "kn" };

function grounds(title, kind, reasons, sign) {
  const said = ({ code }, value) => (typeof value === "number" ? `${number(value, 3)}${MEASURES[code] ? ` ${MEASURES[code]}` : ""}` : value);
  return section(title, reasons.length ? el("ul", { class: `grounds ${kind}` }, reasons.map((reason) => el("li", {},
    el("span", { class: "weight", title: "weight in the score" }, `${sign}${Math.abs(reason.weight).toFixed(2)}`),
    el("span", {}, bdi(reason.text), el("span", { class: "small" }, [`${human(reason.code)}`,
      reason.value === null ? null : [": ", bdi(said(reason, reason.value))],
      reason.threshold === null ? null : [" (threshold ", bdi(said(reason, reason.threshold)), ")"]]))))) : el("p", { class: "small" }, "Nothing."));
}

function vesselCard(vessel, index) {
  const size = vessel.lengthMeters && `${vessel.lengthMeters} × ${vessel.beamMeters ?? "?"} m`;
  const known = [["MMSI", vessel.ssvid], ["IMO", vessel.imo], ["Call sign", vessel.callsign && bdi(vessel.callsign)],
    ["Flag", vessel.flag && country(vessel.flag)],
    ["Type", vessel.aisShipType === null ? human(vessel.type) : `${human(shipType(vessel.aisShipType))} (AIS ${vessel.aisShipType})`],
    ["Size", size], ["Draught", vessel.draughtMeters && `${number(vessel.draughtMeters, 1)} m, self-reported`]];
  return el("div", { class: "card" }, el("h4", {}, el("i", { class: "ab"[index] }), bdi(vessel.name ?? "Name not known")),
    vessel.watchlists.map((hit) => el("p", { class: "hit" }, "On ", bdi(hit.list), ": ", bdi(hit.entry), `, matched by ${hit.matchedOn.toUpperCase()}`)),
    facts(known.map(([label, value]) => [label, value || "not known"])));
}

/* Reasons whose threshold is a line in a plot, beside the limits of the rule itself. */
const LIMITS = { alongside: "distance", distance: "distance", wide_gap: "distance", stop: "speed" };

function plotsOf(event, width) {
  const { positions } = event.evidence;
  if (positions.length < 2) return [];
  const points = (samples, key) => [...new Map(samples.filter((each) => each[key] !== null).map((each) => [Date.parse(each.time), each[key]]))].sort((a, b) => a[0] - b[0]);
  const limits = (kind, unit) => [
    ...[...event.reasons, ...event.against].filter((reason) => LIMITS[reason.code] === kind && typeof reason.threshold === "number")
      .map((reason) => [human(reason.code), reason.threshold]),
    ...Object.entries(data.limits[event.type]?.[kind] ?? {}),
  ].map(([name, value]) => ({ value, name: `${name}: ${number(value)} ${unit}` }));
  const times = positions.map((each) => Date.parse(each.time));
  const base = { from: Math.min(...times), to: Math.max(...times), event: [Date.parse(event.start), event.end ? Date.parse(event.end) : Math.max(...times)],
    onTime: (t) => map.showTime(t) };
  const apart = [{ name: "antenna to antenna", tone: "distance", points: points(positions, "distanceMeters") },
    { name: "hull to hull", tone: "gap", points: points(positions, "hullGapMeters") }];
  const speeds = vesselsOf(event).map((vessel, i) => ({ name: vesselName(vessel), tone: "ab"[i],
    points: points(positions.filter((each) => each.ssvid === vessel.ssvid), "speedKnots") }));
  return [{ ...base, title: "Distance", unit: "m", digits: 0, series: apart, limits: limits("distance", "m") },
    { ...base, title: "Speed", unit: "kn", digits: 1, series: speeds, limits: limits("speed", "kn") }]
    .filter((spec) => spec.series.some((each) => each.points.length)).map((spec) => plot(width, spec));
}

function download(event) {
  const url = URL.createObjectURL(new Blob([JSON.stringify(event, null, 2)], { type: "application/json" }));
  el("a", { href: url, download: `tankerwatch-${event.id}.json` }).click();
  setTimeout(() => URL.revokeObjectURL(url), 10000);
}

function showPanel() {
  const panel = byId("panel");
  const style = getComputedStyle(panel), width = panel.clientWidth - parseFloat(style.paddingLeft) - parseFloat(style.paddingRight);
  panel.replaceChildren(...(chosen ? panelOf(chosen, Math.max(280, width))
    : [el("p", { class: "hint" }, "Choose an event in the list or on the map.")]));
  panel.hidden = !entries.length;
  panel.dataset.width = panel.clientWidth;
}

function choose(entry) {
  chosen = entry;
  map.choose(entry.event);
  showPanel();
  mark();
}

/* The part after # names the event: links, history and the back button work as everywhere. */
function follow() {
  const entry = found.get(location.hash.slice(1));
  if (!entry) return false;
  if (entry !== chosen) choose(entry);
  map.reveal();
  // in one column the panel lies far below the list
  if (byId("panel").getBoundingClientRect().top > innerHeight) byId("panel").scrollIntoView();
  return true;
}

/* Without a link the page opens on what weighs most. */
const weightiest = () => entries.filter(({ event }) => event.status !== "retracted")
  .reduce((best, entry) => (best && best.event.score >= entry.event.score ? best : entry), null);

function legend() {
  const key = (name, label) => el("span", { class: "key" }, el("i", { class: name }), label);
  const types = [...new Set(entries.map(({ event }) => event.type))].sort(), kinds = [...new Set(data.fences.map((fence) => fence.kind))].sort();
  byId("legend").append(...types.map((type) => key(`mark type-${type}`, typeName(type))),
    types.length ? el("span", { class: "key" }, "filled: probable, hollow: possible") : "",
    ...kinds.map((kind) => key(`area fence-${kind}`, human(kind))), key("track", "Track"));
}

/* On paper: the list, and every event in it with its panel, in light colours. */
function print(on) {
  document.documentElement.classList.toggle("printing", on);
  byId("print").replaceChildren(...(on ? [...byId("events").querySelectorAll("a")].map((link) =>
    el("article", {}, panelOf(found.get(link.dataset.id), 680))) : []));
  if (on) byId("accounting").open = true;
  map.draw();
}

const map = new SeaMap(byId("map"), byId("tip"), byId("where"), (event) => { location.hash = event.id; });
header();
filters();
legend();
list();
if (follow()) map.zoomTo();
else if (weightiest()) choose(weightiest());
else showPanel();
addEventListener("hashchange", follow);
addEventListener("beforeprint", () => print(true));
addEventListener("afterprint", () => print(false));
byId("list").addEventListener("keydown", keys);
new ResizeObserver(() => requestAnimationFrame(() => {
  if (byId("panel").clientWidth !== Number(byId("panel").dataset.width)) showPanel();
})).observe(byId("panel"));
