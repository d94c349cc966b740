/* The page around the map: header, list with filters, and the panel of the chosen event. */

const entries = data.events;
const found = new Map(entries.map((entry) => [entry.event.id, entry]));
let chosen = null;

const lasted = (event) => hoursOf(event, Date.parse(data.summary.last ?? event.detected));

/* ---- header ---- */

function header() {
  const { summary } = data;
  byId("range").append(...(summary.first ? [timeOf(summary.first), " to ", timeOf(summary.last), " · "] : []),
    `${plural(summary.vessels, "vessel")}, of which ${plural(summary.tankers, "tanker")}`);
  if (data.note) byId("range").after(el("p", { class: "caution" }, el("strong", {}, data.note)));
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
  ledger(byId("ledger"));
}

/* Deliveries by ship and port in each year, beside the cap. */
function ledger(box) {
  box.hidden = !data.ledger.length;
  const barrels = ({ low, mid, high }) => (high ? `${number(low, 0)} – ${number(mid, 0)} – ${number(high, 0)}` : "-");
  for (const year of data.ledger) {
    box.append(table(`Calls in ${year.year}, with low, middle and high barrels`, ["Ship", "Port", "Seen", "Barrels", "Possible", "Barrels"],
      year.rows.map((row) => [bdi(`${row.name} ${row.ship}`.trim()), row.port, row.seen, barrels(row.barrels_seen), row.possible, barrels(row.barrels_possible)]),
      ["All", "", year.seen, barrels(year.barrels_seen), year.possible, barrels(year.barrels_possible)]),
    el("p", {}, `The cap is ${number(year.cap_barrels, 0)} barrels of refined products a year (UNSCR 2397). ${
      year.cap_passed_by ? `The low estimates of what was seen alone are above it by ${year.cap_passed_by}. ` : ""}${year.not_seen}`));
  }
}

/* Every line of the input by its outcome. The columns add up to the lines read. */
function accounting(box, { sources, outcomes, lines, messages, overtaken, problems }) {
  const total = (source) => Object.values(source.outcomes).reduce((sum, count) => sum + count, 0);
  const sum = sources.reduce((all, source) => all + total(source), 0), shown = sources.length > 1 && sources.length <= 8 ? sources : [];
  box.querySelector("summary").textContent = `Input: ${plural(lines, "line")} from ${plural(sources.length, "source")}, each accounted for`;
  if (sum !== lines) box.querySelector("summary").textContent = `Input: ${plural(lines, "line")} read, but the outcomes add up to ${number(sum)}`;
  const rows = outcomes.map((outcome) => [human(outcome), sources.reduce((all, source) => all + (source.outcomes[outcome] ?? 0), 0),
    ...shown.map((source) => source.outcomes[outcome] ?? 0)]);
  box.append(table("Lines by outcome", ["Outcome", "Lines", ...shown.map((source) => bdi(source.name))], rows,
    ["Sum", sum, ...shown.map(total)]));
  if (!shown.length) box.append(el("p", {}, "Sources: ", sources.map((source, i) => [i ? ", " : "", bdi(source.name)])));
  box.append(el("p", {}, `${plural(messages, "decoded message")}; ${plural(overtaken, "report")} came too late and changed nothing.`));
  if (data.omittedTracks) box.append(el("p", {}, `Tracks of ${plural(data.omittedTracks, "vessel")} are not on the map, to keep the page small.`));
  if (problems.length) {
    box.append(el("p", {}, "Not read completely:"), el("ul", {}, problems.map((problem) => el("li", {}, bdi(problem)))));
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

/* The text of an event that the search looks at. */
const words = (event) => [event.id, event.summary, ...event.geofences.map((fence) => fence.name),
  ...vesselsOf(event).flatMap((v) => [v.name, v.ssvid, v.imo && `IMO ${v.imo}`, v.callsign, v.flag, ...v.watchlists.map((hit) => hit.list)])]
  .filter(Boolean).join(" ").toLowerCase();

const ORDERS = {
  start: (a, b) => Date.parse(a.start) - Date.parse(b.start),
  latest: (a, b) => Date.parse(b.start) - Date.parse(a.start),
  score: (a, b) => b.score - a.score,
  duration: (a, b) => lasted(b) - lasted(a),
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
  const where = whereOf(event);
  return el("a", { href: `#${event.id}`, class: event.status === "retracted" ? "retracted" : null, "data-id": event.id },
    el("span", { class: "line" }, tag(event), event.status === "closed" ? null : badge("status", event.status), event.status === "retracted" ? null : badge("level", event.level)),
    el("span", { class: "who" }, who(event)),
    el("span", { class: "line small" }, el("span", {}, period(event, "still open at the end")), el("span", { class: "score" }, event.score.toFixed(2))),
    where && el("span", { class: "small" }, bdi(where)));
}

function nothing() {
  if (entries.length) return [el("p", {}, "No event matches these filters.")];
  const { lines, tankers, vessels, messages } = data.summary;
  const why = !lines
    ? "the input has no lines." : !messages ? `none of the ${plural(lines, "line")} could be decoded.`
    : !tankers ? `none of the ${plural(vessels, "vessel")} is known to be a tanker.`
      : `none of the ${plural(tankers, "tanker")} (of ${plural(vessels, "vessel")}) met a rule.`;
  return [el("p", {}, el("b", {}, "No events: "), why),
    el("p", {}, "This does not prove that nothing happened: a vessel can be out of range, be silent, or send false data.")];
}

function mark() {
  for (const link of byId("events").querySelectorAll("a")) {
    if (link.dataset.id === chosen?.event.id) link.setAttribute("aria-current", "true");
    else link.removeAttribute("aria-current");
  }
}

/* The arrow keys move through the list. */
function keys(event) {
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key], links = [...byId("events").querySelectorAll("a")];
  const next = step && links[links.indexOf(document.activeElement) + step];
  if (!next) return;
  event.preventDefault();
  next.focus();
}

/* ---- panel ---- */

function panelOf({ event, history }, width) {
  const plots = plotsOf(event, width, data.thresholds[event.type] ?? {}, (t) => map.showTime(t));
  return [
    el("div", { class: "line" }, tag(event), badge("level", event.level), badge("status", event.status)),
    el("h2", { class: event.status === "retracted" ? "retracted" : null }, who(event)),
    el("p", { class: "sentence" }, bdi(event.summary)),
    event.status === "retracted" && el("p", { class: "caution" }, "Retracted: later data showed that this event did not hold. The reasons against it say why."),
    el("div", { class: "actions" },
      el("button", { type: "button", click: () => { map.zoomTo(); byId("frame").scrollIntoView({ block: "nearest" }); } }, "Zoom map to event"),
      el("button", { type: "button", click: () => save(JSON.stringify(event, null, 2), `tankerwatch-${event.id}.json`) }, "Download as JSON"),
      el("a", { href: `#${event.id}` }, "Link to this event")),
    keyFacts(event, "still open at the end of the data"),
    ...grounds(event),
    plots.length && section("Over time", plots),
    vesselCards(event),
    event.geofences.length && places(event),
    evidence(event),
    revisions(history),
  ].filter(Boolean);
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

/* The part after # names the event, so that links, history and the back button work. */
function follow() {
  const entry = found.get(location.hash.slice(1));
  if (!entry) return false;
  if (entry !== chosen) choose(entry);
  map.reveal();
  // in one column the panel is far below the list
  if (byId("panel").getBoundingClientRect().top > innerHeight) byId("panel").scrollIntoView();
  return true;
}

/* Without a link, the page opens on the event with the highest score. */
const strongest = () => entries.filter(({ event }) => event.status !== "retracted")
  .reduce((best, entry) => (best && best.event.score >= entry.event.score ? best : entry), null);

function legend() {
  const key = (name, label) => el("span", { class: "key" }, el("i", { class: name }), label);
  const types = [...new Set(entries.map(({ event }) => event.type))].sort(), kinds = [...new Set(data.fences.map((fence) => fence.kind))].sort();
  byId("legend").append(...types.map((type) => key(`mark type-${type}`, typeName(type))),
    types.length ? el("span", { class: "key" }, "filled: probable, hollow: possible") : "",
    ...kinds.map((kind) => key(`area fence-${kind}`, human(kind))), key("track", "Track"));
}

/* In print: the list, and every event in it with its panel, in light colours. */
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
else if (strongest()) choose(strongest());
else showPanel();
addEventListener("hashchange", follow);
addEventListener("beforeprint", () => print(true));
addEventListener("afterprint", () => print(false));
byId("list").addEventListener("keydown", keys);
new ResizeObserver(() => requestAnimationFrame(() => {
  if (byId("panel").clientWidth !== Number(byId("panel").dataset.width)) showPanel();
})).observe(byId("panel"));
