/* The page: connects what the server sends with what the reader does. */

import { Refusal, asOf, get, land, patiently } from "./api.js";
import { byId, inForce, moment, vesselsOf } from "./web/words.js";
import * as address from "./address.js";
import { Desk } from "./desk.js";
import { Events } from "./events.js";
import { FenceTool } from "./fence_tool.js";
import { Filters } from "./filters.js";
import { Fleet } from "./fleet.js";
import { knowFences, knowPorts, likeliest } from "./cases.js";
import * as keys from "./keys.js";
import { later } from "./later.js";
import { LedgerView } from "./ledger_view.js";
import { List } from "./list.js";
import { listing, sayCounts } from "./listing.js";
import { News } from "./news.js";
import { refused } from "./notice.js";
import { EventPanel, grip } from "./panel.js";
import { Player } from "./player.js";
import { SeaMap } from "./sea_map.js";
import { Search } from "./search.js";
import { NONE, same } from "./selection.js";
import { Sheets } from "./sheets.js";
import { SignIn } from "./sign_in.js";
import { Sources } from "./sources.js";
import { Status } from "./status.js";
import { Stream } from "./stream.js";
import { Unread } from "./unread.js";
import { VesselPanel } from "./vessel_panel.js";

const LIVE = 10, READING = 1; // seconds between two requests for vessels
const LOOK = 10; // pages searched for a word before the reader has to ask for more

const state = address.read();
let config = null, drawing = null, shown = [], showDismissed = false;
let unseen = !state.view; // whether the map still has to move to what is shown: the address says no view

let plain = !state.event && !state.vessel && !state.view && !state.text && same(state.selection, NONE); // an address that asks for nothing
const ROOMY = matchMedia("(min-width: 77.01rem)"); // list, map and panel side by side, as in page.css

document.body.classList.toggle("dossier", state.dossier);
byId("cover").hidden = !state.dossier;
showPanel(); // before the map is made, because the panel takes some of its room
const status = new Status(() => stream.retry());
const sources = new Sources(() => { status.sources = sources.verdict(); status.draw(); draw(); });
const events = new Events(state.selection, draw);
const fleet = new Fleet(() => map.fleetChanged(), (time) => status.newest(time));
const map = new SeaMap(fleet, state.view, { event: open, vessel: openVessel, moved, refused });
const list = new List(open);
const shared = {
  close: () => close(),
  zoom: () => map.fitTracks(),
  time: (time) => map.tracks.showTime(time),
  tracks: (lines, dots, legs) => { map.tracks.show(lines, dots, legs); map.quiet(Boolean(legs?.length)); },
  event: open,
};
const panel = new EventPanel({ ...shared, step, now: newest, vessel: openVessel, signIn: () => dialog.ask(), ahead: (id) => player.ahead(id), seek: (to) => player.seek(to), near: (place) => { unseen = false; map.near(place); }, leg: (leg) => map.tracks.point(leg && leg.number), known: (id) => events.byId.get(id) });
const vesselPanel = new VesselPanel({ ...shared, vessel: openVessel, actions: (mmsi, name) => (config.mode === "live" ? desk.vesselActions(mmsi, name) : []) });
const sheets = new Sheets(() => Boolean(state.event || state.vessel));
const player = new Player(played, open, openBest);
new Search({ vessel: (mmsi) => { unseen = true; openVessel(mmsi); }, event: open, place: showPlace, words: (text) => text !== state.text && filters.set(state.selection, text) });
const unread = new Unread(open, draw);
new LedgerView(open);
const fenceTool = map.tool = new FenceTool(map.map, { shown: () => { map.measure.toggle(false); sheets.show("map"); }, changed: () => showFences(), signIn: () => dialog.ask() });
const dialog = new SignIn(() => reach());
const desk = new Desk({ signIn: () => dialog.ask(), changed: draw, area: () => map.area, selection: () => state.selection, use: (selection) => filters.set(selection), show: (watch) => (watch.mmsi ? openVessel(watch.mmsi) : showPlace(watch)), notify: () => unread.allowed() });
const news = new News({ events, unread, desk }, draw);
let stream = null, filters = null, lost = false; // lost: the stream was, since it was open last

/* ---- what the server sends ---- */

async function start() {
  config = await patiently("config", (pause) => status.connection("broken", Date.now() + pause));
  status.mode = config.mode;
  document.body.dataset.mode = config.mode;
  byId("cover-source").textContent = `tankerwatch ${config.version}, ${location.href}; made ${moment(Date.now())}${config.mode === "recording" ? " from a recording" : ""}`;
  events.types = config.types;
  filters = new Filters(config.types, filtered, () => map.area);
  filters.show(state.selection, state.text);
  stream = new Stream(config.heartbeatSeconds, {
    revision, review, reset, sources: told, heartbeat: (beat) => { status.heartbeat(state.at === null ? beat : { ...beat, watermark: null }); draw(); },
    state: (name, next) => {
      status.connection(name, next);
      if (name === "open" && lost) fencesAnew(); // drawn meanwhile
      if (name !== "connecting") lost = name === "broken";
    },
    failed: () => reach(),
    fences: fencesAnew,
  });
  keys.listen(shortcuts);
  if (config.tiles) map.tiles(config.tiles.url, showLand);
  else showLand();
  byId("attribution").textContent = config.tiles ? config.tiles.attribution : config.attribution;
  knowFences((lon, lat) => map.chart.fencesAt(lon, lat));
  showFences();
  if (config.mode === "recording") await player.begin(state.at);
  else state.at = null;
  at(player.moment);
  await reach();
  fleet.start(config.mode === "recording" ? READING : LIVE, state.at);
  if (config.mode === "recording") player.run();
  document.body.classList.add("ready");
}

function fencesAnew() {
  showFences();
  fenceTool.refresh();
}

async function showFences() {
  try {
    const { content } = await get("fences.geojson");
    map.chart.setFences(content);
    knowPorts(content.features.map((feature) => feature.properties));
    list.anew();
    draw();
    if (panel.event?.chain) panel.draw();
    filters.offerFences(content.features.map((feature) => feature.properties));
  } catch (error) {
    refused(error);
  }
}

/* The shipped land: what the map shows without online tiles, or when they fail to load. */
async function showLand() {
  try {
    map.land(await land());
    byId("attribution").textContent = config.attribution;
  } catch (error) {
    refused(error);
  }
}

/* Lists the events, then opens the stream from the position of the list. If it fails, the next attempt of the
   stream tries again. */
async function reach() {
  try {
    const position = await events.load(state.selection);
    if (position === null) return;
    stream.open(position);
    follow();
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    if (error.status === 401) dialog.ask();
    else refused(error);
    if (stream.position === null) stream.position = "0";
    stream.broke();
  }
}

function told(what) {
  if (config.mode !== "live") return;
  if (what.watermark) status.atLeast(what.watermark);
  if (what.sources) sources.take(what);
  if (what.silences) desk.silences.take(what.silences);
}

function revision(event) {
  if (state.at !== null) return; // it was not known yet at the moment that is shown
  take(event);
}

function take(event) {
  if (config.mode === "live") status.atLeast(event.detected);
  const before = events.known(event.id);
  if (events.revise(event)) news.came(event);
  if (config.mode === "live" && !(before?.revision >= event.revision)) news.tell(event, before);
  if (panel.id === event.id) later("panel", () => panel.refresh(), 300);
}

function review(one) {
  events.review(one);
  if (panel.id === one.event) later("panel", () => panel.refresh(), 300);
}

/* The log has been replaced: everything here may be out of date. */
async function reset() {
  news.fresh.clear();
  fleet.ask();
  await reload();
}

async function reload() {
  try {
    const position = await events.load();
    if (position !== null) stream.position = position;
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    stream.broke();
    return;
  }
  if (panel.isOpen) panel.refresh();
  else if (vesselPanel.isOpen) vesselPanel.open(state.vessel);
}

/* Shows another moment of the recording; `onward`: time went on from the one before. */
async function played(moment, onward) {
  const before = state.at;
  at(moment);
  later("address", () => address.write(state), 300);
  if (!onward || before === null || moment === null) {
    news.fresh.clear();
    await Promise.all([reload(), fleet.show(moment, false)]);
    return;
  }
  try {
    const [revisions] = await Promise.all([events.advance(before), fleet.show(moment, true)]);
    for (const event of revisions) if (state.at === moment) take(event);
  } catch (error) {
    if (!(error instanceof Refusal || error.name === "AbortError")) throw error;
  }
  draw();
}

function at(moment) {
  state.at = moment;
  asOf(moment);
  if (moment !== null) status.newest(new Date(moment).toISOString());
}

/* ---- what is shown ---- */

function draw() {
  drawing ??= requestAnimationFrame(() => {
    drawing = null;
    paint();
  });
}

function paint() {
  const now = listing(events, state.text, byId("sort").value, showDismissed);
  shown = now.shown;
  list.show(now.kept, { reviews: events.reviews, landed: events.landed, fresh: news.fresh, unread, silenced: (event) => (config?.mode === "live" ? desk.silences.of(event) : null), address: (id) => address.linkTo(id), now: newest });
  panel.tick();
  const within = events.byId.get(state.event); // an event inside a case is on the map while it is open
  map.showEvents(within && !shown.includes(within) ? [...shown, within] : shown, status.watermark ?? Date.now());
  sayCounts(now, showDismissed, events, status.nothing());
  if (filters) {
    filters.offer("flag", now.all.flatMap((event) => vesselsOf(event).map((vessel) => vessel.flag)).filter(Boolean));
    filters.offer("watchlist", now.all.flatMap((event) => vesselsOf(event).flatMap((vessel) => vessel.watchlists.filter(inForce).map((hit) => hit.list))));
  }
}

/* The newest time of the data, which an event is not behind. */
function newest(event) {
  return Math.max(status.watermark ?? 0, Date.parse(event.detected));
}

function showPanel() {
  document.body.dataset.open = state.event ? "event" : state.vessel ? "vessel" : "";
}

/* A recording opens on its likeliest delivery, unless the reader has done anything yet. */
function openBest() {
  const best = likeliest(events.all);
  if (!best || !plain || !ROOMY.matches) return;
  unseen = true;
  open(best.id, false);
}

/* Opens the event or the vessel that the address names. */
function follow() {
  draw();
  list.choose(state.event);
  map.markers.choose(state.event);
  showPanel();
  map.tracks.limit(state.selection.bbox);
  if (state.event) {
    vesselPanel.close();
    const known = events.byId.get(state.event) ?? null;
    panel.open(state.event, known).then(() => {
      if (!panel.event || panel.id !== state.event) return;
      highlight(vesselsOf(panel.event).map((vessel) => Number(vessel.ssvid)));
      if (unseen) map.fitTracks();
      unseen = false;
    });
    list.reveal(state.event);
  } else if (state.vessel) {
    panel.close();
    vesselPanel.open(state.vessel).then(() => {
      if (unseen && !state.event) map.fitTracks();
      unseen = false;
    });
    highlight([state.vessel]);
  } else {
    if (unseen) map.fitEvents(events.all);
    unseen &&= !events.byId.size;
    panel.close();
    vesselPanel.close();
    map.tracks.show([]);
    highlight([]);
  }
}

const highlight = (mmsis) => map.vessels.choose(mmsis);

/* ---- what the reader does ---- */

function open(id, push = true) {
  const known = events.byId.get(id);
  plain = false;
  unread.read(id);
  if (id === state.event) {
    sheets.show("panel");
    byId("panel").focus();
    return;
  }
  unseen ||= known?.type === "chain"; // its whole voyage is shown
  Object.assign(state, { event: id, vessel: null });
  address.write(state, push);
  follow();
  if (known && !unseen) map.reveal(known.position);
  sheets.show("panel");
}

function openVessel(mmsi) {
  plain = false;
  if (mmsi === state.vessel) return sheets.show("panel");
  Object.assign(state, { event: null, vessel: mmsi });
  address.write(state, true);
  follow();
  sheets.show("panel");
}

/* Shows a place that was found: west, south, east, north. */
function showPlace({ bbox: [west, south, east, north] }) {
  map.fit([[south, west], [north, east]], 12);
  sheets.show("map");
}

function close() {
  if (!state.event && !state.vessel) return;
  const id = state.event;
  Object.assign(state, { event: null, vessel: null });
  address.write(state, true);
  follow();
  sheets.show("list");
  if (id) list.focus(id);
  else byId("list").focus({ preventScroll: true });
}

/* Focuses the next event in the list, or the previous one; opens it if another event is open. */
function step(by) {
  const id = list.neighbour(by);
  if (!id) return;
  list.focus(id);
  if (state.event) open(id, false);
}

function leaveFilters() {
  filters.toggle(false);
  byId("filter-toggle").focus();
}

function moved() {
  state.view = map.view;
  later("address", () => address.write(state), 300);
}

async function filtered(selection, text) {
  plain = false;
  const before = state.selection;
  Object.assign(state, { selection, text });
  map.tracks.limit(selection.bbox);
  address.write(state, !same(before, selection));
  draw();
  try {
    if (!same(before, selection)) await events.load(selection);
    if (text) await lookFor(text);
  } catch (error) {
    refused(error);
  }
}

/* Looks for words in events: this loads page after page until it finds enough. */
async function lookFor(text) {
  for (let pages = 0; pages < LOOK && events.more && state.text === text; pages++) {
    paint();
    if (shown.length >= 20) return;
    await events.loadMore();
  }
}

addEventListener("popstate", () => {
  const before = state.selection, moment = state.at, { view: seen, ...found } = address.read();
  Object.assign(state, found, { at: moment });
  if (found.at !== moment && config.mode === "recording") player.seek(found.at);
  filters.show(state.selection, state.text);
  if (seen) map.setView(seen);
  if (!same(before, state.selection)) events.load(state.selection).catch(refused);
  draw();
  follow();
});

byId("sort").addEventListener("change", draw);
byId("dismissed").addEventListener("click", () => { showDismissed = !showDismissed; draw(); });
byId("more").addEventListener("click", () => events.loadMore().catch(refused));

const shortcuts = {
  j: () => step(1), k: () => step(-1), ArrowDown: () => step(1), ArrowUp: () => step(-1),
  Enter: () => { const id = document.activeElement?.dataset?.id ?? list.neighbour(1); if (id) open(id); },
  Escape: () => (fenceTool.open ? fenceTool.escape() : map.measure.on ? map.measure.toggle(false) : filters.form.hidden ? close() : leaveFilters()),
  m: () => fenceTool.drawing || map.measure.toggle(), d: () => fenceTool.toggle(),
  "/": () => { sheets.show("list"); byId("search").focus(); },
  f: () => { sheets.show("list"); filters.toggle(); },
  z: () => map.fitTracks(), a: () => map.fitEvents(), t: () => byId("theme").click(),
  ...Object.fromEntries(Object.entries(player.keys).map(([key, act]) => [key, () => config.mode === "recording" && act()])),
};

byId("events").prepend(grip());
new ResizeObserver(() => panel.redraw()).observe(byId("panel"));
if (state.dossier) new ResizeObserver(() => map.fitTracks()).observe(byId("chart")); // nobody moves this map: it shows the whole way on any paper

sheets.show(state.event || state.vessel ? "panel" : "list");
start();
