/* The page: connects what the server sends with what the reader does. */

import { Refusal, asOf, get, land } from "./api.js";
import { byId, el, inForce, moment, plural, vesselsOf } from "./web/words.js";
import * as address from "./address.js";
import { Desk } from "./desk.js";
import { Events } from "./events.js";
import { FenceTool } from "./fence_tool.js";
import { Filters } from "./filters.js";
import { Fleet } from "./fleet.js";
import { grouped, knowFences, likeliest, sorted } from "./cases.js";
import * as keys from "./keys.js";
import { LedgerView } from "./ledger_view.js";
import { List } from "./list.js";
import { EventPanel, grip } from "./panel.js";
import { Player } from "./player.js";
import { SeaMap } from "./sea_map.js";
import { Search } from "./search.js";
import { NONE, same, wordsOf } from "./selection.js";
import { SignIn } from "./sign_in.js";
import { Sources } from "./sources.js";
import { Status } from "./status.js";
import { Stream } from "./stream.js";
import { Unread } from "./unread.js";
import { VesselPanel } from "./vessel_panel.js";

const LIVE = 10, READING = 1; // seconds between two requests for vessels
const LOOK = 10; // pages searched for a word before the reader has to ask for more

const state = address.read();
const fresh = new Set(); // events that have come since the reader last looked at the page
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
const map = new SeaMap(fleet, state.view, { event: open, vessel: openVessel, moved });
const list = new List(open);
const shared = {
  close: () => close(),
  zoom: () => map.fitTracks(),
  time: (time) => map.tracks.showTime(time),
  tracks: (lines, dots, legs) => { map.tracks.show(lines, dots, legs); map.quiet(Boolean(legs?.length)); },
  event: open,
};
const panel = new EventPanel({ ...shared, step, vessel: openVessel, signIn: () => dialog.ask(), ahead: (id) => player.ahead(id), seek: (to) => player.seek(to), near: (place) => { unseen = false; map.near(place); }, leg: (leg) => map.tracks.point(leg && leg.number) });
const vesselPanel = new VesselPanel({ ...shared, vessel: openVessel, actions: (mmsi, name) => (config.mode === "live" ? desk.vesselActions(mmsi, name) : []) });
const player = new Player(played, open, openBest);
new Search({ vessel: (mmsi) => { unseen = true; openVessel(mmsi); }, event: open, place: showPlace, words: (text) => text !== state.text && filters.set(state.selection, text) });
const unread = new Unread(open, draw);
new LedgerView(open);
const fenceTool = map.tool = new FenceTool(map.map, { shown: () => { map.measure.toggle(false); view("map"); }, changed: () => showFences(), signIn: () => dialog.ask() });
const dialog = new SignIn(() => reach());
const desk = new Desk({ signIn: () => dialog.ask(), changed: draw, area: () => map.area, selection: () => state.selection, use: (selection) => filters.set(selection), show: (watch) => (watch.mmsi ? openVessel(watch.mmsi) : showPlace(watch)), notify: () => unread.allowed() });
let stream = null, filters = null, lost = false; // lost: the stream was, since it was open last

/* ---- what the server sends ---- */

async function start() {
  for (let pause = 1; !config; pause = Math.min(30, pause * 2)) {
    try {
      config = (await get("config")).content;
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      status.connection("broken", Date.now() + pause * 1000);
      await new Promise((resolve) => { setTimeout(resolve, pause * 1000); });
    }
  }
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
  if (events.revise(event)) noticed(event);
  if (config.mode === "live" && !(before?.revision >= event.revision)) tell(event, before);
  if (panel.id === event.id) later("panel", () => panel.refresh(), 300);
}

function review(one) {
  events.review(one);
  if (panel.id === one.event) later("panel", () => panel.refresh(), 300);
}

/* The log has been replaced: everything here may be out of date. */
async function reset() {
  fresh.clear();
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
    fresh.clear();
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

function noticed(event) {
  fresh.add(event.id);
  setTimeout(() => { if (!document.hidden) fresh.delete(event.id); }, 4000);
}

/* Tells the reader of an event that has come, or has begun to match, unless people have silenced or dismissed it. `before`: its
   revision before, if that is known. */
async function tell(event, before) {
  const verdict = desk.verdict(event, before);
  if (!verdict) return;
  for (const id of [event.revision > 1 && event.id, event.case]) if (id && await events.isDismissed(id)) return;
  unread.take(event, verdict);
  if (verdict.sound) desk.sound();
}

document.addEventListener("visibilitychange", () => {
  if (document.hidden) return;
  setTimeout(() => fresh.clear(), 4000);
  draw();
});

const timers = new Map();
function later(name, act, milliseconds) {
  clearTimeout(timers.get(name));
  timers.set(name, setTimeout(act, milliseconds));
}

/* ---- what is shown ---- */

function draw() {
  drawing ??= requestAnimationFrame(() => {
    drawing = null;
    paint();
  });
}

function paint() {
  const wanted = state.text.toLowerCase().split(/\s+/).filter(Boolean), all = sorted(events.all, byId("sort").value);
  const found = wanted.length ? all.filter((event) => { const words = wordsOf(event); return wanted.every((word) => words.includes(word)); }) : all;
  const dismissed = (event) => events.reviews.get(event.id)?.disposition === "dismissed", groups = grouped(found);
  const gone = [...groups.cases.map(({ event }) => event), ...groups.singles].filter(dismissed);
  const kept = showDismissed ? groups : { cases: groups.cases.filter(({ event }) => !dismissed(event)), singles: groups.singles.filter((event) => !dismissed(event)) };
  shown = [...kept.cases.map(({ event }) => event), ...kept.singles];
  list.show(kept, { reviews: events.reviews, landed: events.landed, fresh, unread, silenced: (event) => (config?.mode === "live" ? desk.silences.of(event) : null), address: (id) => address.linkTo(id) });
  const within = events.byId.get(state.event); // an event inside a case is on the map while it is open
  map.showEvents(within && !shown.includes(within) ? [...shown, within] : shown, status.watermark ?? Date.now());
  const parts = [kept.cases.length && plural(kept.cases.length, "case"), kept.singles.length && plural(kept.singles.length, "single event")].filter(Boolean);
  byId("count").textContent = parts.length ? parts.join(", ") + (events.more ? ", and more" : "") : "";
  byId("tab-count").textContent = String(shown.length);
  byId("dismissed").hidden = !gone.length;
  byId("dismissed").textContent = showDismissed ? "hide dismissed" : `${gone.length} dismissed`;
  byId("dismissed").setAttribute("aria-pressed", String(showDismissed));
  byId("more").hidden = !events.more;
  byId("none").hidden = shown.length > 0;
  byId("none").textContent = all.length ? "None of the loaded events matches." : events.loading ? status.nothing() : "";
  if (filters) {
    filters.offer("flag", all.flatMap((event) => vesselsOf(event).map((vessel) => vessel.flag)).filter(Boolean));
    filters.offer("watchlist", all.flatMap((event) => vesselsOf(event).flatMap((vessel) => vessel.watchlists.filter(inForce).map((hit) => hit.list))));
  }
}

function refused(error) {
  if (!(error instanceof Refusal)) throw error;
  byId("notice").replaceChildren(el("bdi", {}, error.message));
  byId("notice").hidden = false;
  later("notice", () => { byId("notice").hidden = true; }, 8000);
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
  if (id === state.event) return view("panel");
  unseen ||= known?.type === "chain"; // its whole voyage is shown
  Object.assign(state, { event: id, vessel: null });
  address.write(state, push);
  follow();
  if (known && !unseen) map.reveal(known.position);
  view("panel");
}

function openVessel(mmsi) {
  plain = false;
  if (mmsi === state.vessel) return view("panel");
  Object.assign(state, { event: null, vessel: mmsi });
  address.write(state, true);
  follow();
  view("panel");
}

/* Shows a place that was found: west, south, east, north. */
function showPlace({ bbox: [west, south, east, north] }) {
  map.fit([[south, west], [north, east]], 12);
  view("map");
}

function close() {
  if (!state.event && !state.vessel) return;
  const id = state.event;
  Object.assign(state, { event: null, vessel: null });
  address.write(state, true);
  follow();
  view("list");
  if (id) list.focus(id);
}

/* Focuses the next event in the list, or the previous one; opens it if another event is open. */
function step(by) {
  const id = list.neighbour(by);
  if (!id) return;
  list.focus(id);
  if (state.event) open(id, false);
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
  Escape: () => (fenceTool.open ? fenceTool.escape() : map.measure.on ? map.measure.toggle(false) : filters.form.hidden ? close() : filters.toggle(false)),
  m: () => fenceTool.drawing || map.measure.toggle(), d: () => fenceTool.toggle(),
  "/": () => { view("list"); byId("search").focus(); },
  f: () => { view("list"); filters.toggle(); },
  z: () => map.fitTracks(), a: () => map.fitEvents(), t: () => byId("theme").click(),
  ...Object.fromEntries(Object.entries(player.keys).map(([key, act]) => [key, () => config.mode === "recording" && act()])),
};

/* ---- on a phone, one sheet at a time ---- */

function view(name) {
  if (name === "panel" && !state.event && !state.vessel) name = "map";
  document.body.dataset.view = name;
  for (const tab of document.querySelectorAll("#tabs [data-view]")) tab.setAttribute("aria-pressed", String(tab.dataset.view === name));
}

byId("tabs").addEventListener("click", (event) => {
  const tab = event.target.closest("[data-view]");
  if (tab) view(tab.dataset.view);
});
byId("events").prepend(grip());
new ResizeObserver(() => panel.redraw()).observe(byId("panel"));

view(state.event || state.vessel ? "panel" : "list");
start();
