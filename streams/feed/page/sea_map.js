/* The map: Leaflet with the layers for chart, vessels, tracks and events; the tooltip; the controls. */

import { bdi, byId, clock, country, duration, el, human, kilometres, number, place, shipType, typeName, vesselName, vesselsOf } from "./web/words.js";
import { forgetColours } from "./web/colours.js";
import { Chart, POLICIES } from "./chart.js";
import { CoverageLayer } from "./coverage_layer.js";
import { Markers } from "./markers.js";
import { Measure } from "./measure.js";
import { statusName } from "./nav_status.js";
import { trackLines } from "./track_tip.js";
import { TrackLayer } from "./tracks.js";
import { VesselLayer } from "./vessel_layer.js";

const { L } = window;
const START = [[32, 118], [47, 144]]; // from the Yellow Sea to Primorye and Hokkaido
const PREFERENCE = "tankerwatch-vessels";

export class SeaMap {
  /* on: event(id), vessel(mmsi), moved(), refused(error) */
  constructor(fleet, view, on) {
    this.on = on;
    const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
    this.map = L.map("map", { attributionControl: false, zoomControl: false, minZoom: 2, maxZoom: 18, zoomSnap: 0.5, wheelPxPerZoomLevel: 90, keyboardPanDelta: 120,
      worldCopyJump: true, maxBounds: [[-85, -Infinity], [85, Infinity]], zoomAnimation: !still, fadeAnimation: !still, inertia: !still });
    if (view) this.map.setView([view.lat, view.lon], view.zoom);
    else this.map.fitBounds(START);
    for (const [name, above] of [["chart", 300], ["coverage", 310], ["vessels", 410], ["tracks", 420]]) this.map.createPane(name).style.zIndex = above;
    for (const name of ["chart", "coverage", "vessels", "tracks"]) this.map.getPane(name).style.pointerEvents = "none";
    const keepOut = () => this.keepOut();
    this.chart = new Chart({ pane: "chart", keepOut }).addTo(this.map);
    this.coverage = new CoverageLayer({ pane: "coverage" }).addTo(this.map);
    this.tracks = new TrackLayer(fleet, { pane: "tracks", keepOut }).addTo(this.map);
    this.vessels = new VesselLayer(fleet, { pane: "vessels", keepOut }).addTo(this.map);
    this.markers = new Markers(this.map, (id) => this.measure.on || this.tool?.takesClicks || on.event(id));
    this.measure = new Measure(this.map);
    this.events = [];
    this.tip = byId("tip");
    this.map.on("moveend", () => { this.scale(); on.moved(); });
    this.map.on("mousemove", (event) => this.hover(event));
    this.map.on("mouseout", () => this.leave());
    this.map.on("click", (event) => this.click(event));
    this.map.getContainer().addEventListener("mouseover", (event) => this.overMark(event.target.closest?.(".event-mark")));
    new ResizeObserver(() => this.map.invalidateSize({ pan: false, debounceMoveend: true })).observe(this.map.getContainer());
    addEventListener("themechange", () => this.newColours());
    this.controls();
    this.scale();
  }

  get view() {
    const { lat, lng } = this.map.getCenter();
    return { zoom: this.map.getZoom(), lat, lon: turned(lng) };
  }

  setView({ zoom, lat, lon }) {
    this.map.setView([lat, lon], zoom, { animate: false });
  }

  /* West, south, east, north of the visible area. */
  get area() {
    const box = this.map.getBounds(), wide = box.getEast() - box.getWest() >= 360;
    const round = (degrees) => Math.round(degrees * 1000) / 1000;
    return [wide ? -180 : turned(box.getWest()), Math.max(-90, box.getSouth()), wide ? 180 : turned(box.getEast()), Math.min(90, box.getNorth())].map(round);
  }

  /* Shows online tiles instead of the shipped land. `failed` is called at the first tile that does not load. */
  tiles(url, failed) {
    L.tileLayer(url, { pane: "tilePane" }).once("tileerror", failed).addTo(this.map);
    this.chart.showLand = false;
    this.chart.later();
  }

  land(geometry) {
    this.chart.showLand = true;
    this.chart.setLand(geometry);
  }

  showEvents(events, now) {
    this.events = events;
    this.markers.show(events, now);
    this.renamed();
  }

  /* Makes the marks of events faint, where the legs of a case are shown. */
  quiet(yes) {
    this.map.getContainer().classList.toggle("quiet-marks", yes);
    this.renamed();
  }

  /* Fences are named anew where marks or legs have come or gone: their names keep out of the way. */
  renamed() {
    const places = [...this.events.map(({ position }) => position), ...this.tracks.legs.map(({ at }) => at)].map((at) => Object.values(at).join());
    const key = places.sort().join(" ");
    if (key === this.named) return;
    this.named = key;
    this.chart.written = new Set(this.tracks.legs.map(({ place }) => place));
    this.chart.later();
  }

  fit(box, most = 13) {
    if (box) this.map.fitBounds(box, { paddingTopLeft: [50, 50], paddingBottomRight: [Math.min(110, this.map.getSize().x / 5), 60 + this.covered], maxZoom: most });
  }

  /* Pixels at the bottom of the map that a sheet covers, on a phone. */
  get covered() {
    const frame = this.map.getContainer().getBoundingClientRect();
    const tops = [...document.querySelectorAll(".sheet")].map((sheet) => sheet.getBoundingClientRect())
      .filter((box) => box.width && box.left < frame.right - 1 && box.right > frame.left + 1).map((box) => frame.bottom - box.top);
    return Math.min(Math.max(0, ...tops), frame.height * 0.7);
  }

  /* Where a name could not be read: outside the map, under controls and sheets, under events. Boxes in pixels of the
     container. */
  keepOut() {
    const { x: wide, y: high } = this.map.getSize(), frame = this.map.getContainer().getBoundingClientRect(), far = 1e5;
    const over = ["zoom", "legend", "player"].map((id) => byId(id).getBoundingClientRect()).filter((box) => box.width)
      .map((box) => [box.left - frame.left, box.top - frame.top, box.right - frame.left, box.bottom - frame.top]);
    const marks = this.events.map(({ position }) => this.map.latLngToContainerPoint([position.lat, near(position.lon, this.map.getCenter().lng)]))
      .map(({ x, y }) => [x - 10, y - 10, x + 10, y + 10]);
    const scale = 256 * 2 ** this.map.getZoom(), origin = this.map.containerPointToLayerPoint([0, 0]).add(this.map.getPixelOrigin());
    const middle = this.map.getCenter().lng / 360 + 0.5; // of the copies of the world, the one that is nearest to it
    const legs = this.tracks.legs.map(({ at: [x, y] }) => [(x + Math.round(middle - x)) * scale - origin.x, y * scale - origin.y]).map(([x, y]) => [x - 12, y - 12, x + 12, y + 12]);
    const free = marks.filter((mark) => !legs.some((leg) => mark[0] < leg[2] && mark[2] > leg[0] && mark[1] < leg[3] && mark[3] > leg[1])); // at a leg, its number is in the place of the mark
    return [[-far, -far, 0, far], [wide, -far, far, far], [0, high - this.covered, wide, far], ...over, ...free, ...legs];
  }

  /* Shows a place from near by. */
  near({ lat, lon }) {
    this.map.setView([lat, near(lon, this.map.getCenter().lng)], Math.max(10, this.map.getZoom()));
  }

  fitTracks() {
    this.fit(this.tracks.extent());
  }

  fitEvents(events = this.events) {
    if (events.length) this.fit(L.latLngBounds(events.map(({ position }) => [position.lat, near(position.lon, events[0].position.lon)])), 9);
  }

  /* Moves the map only as far as needed to make a place visible. */
  reveal({ lat, lon }) {
    this.map.invalidateSize({ pan: false }); // a panel may have just opened
    const at = [lat, near(lon, this.map.getCenter().lng)], size = this.map.getSize(), free = size.y - this.covered;
    const { x, y } = this.map.latLngToContainerPoint(at), away = 40;
    if (x > away && x < size.x - away && y > away && y < free - away) return;
    this.map.panBy([x - size.x / 2, y - free / 2]);
  }

  newColours() {
    forgetColours();
    this.vessels.newColours();
    this.chart.later();
    this.tracks.later();
  }

  hover({ containerPoint, latlng, originalEvent }) {
    if (originalEvent.buttons) return this.leave(); // the map is being dragged
    byId("where").textContent = place(latlng.lng, latlng.lat);
    if (originalEvent.target.closest?.(".event-mark")) return;
    this.pointer = containerPoint;
    this.look();
  }

  /* The tooltip also follows what moves under a resting pointer. */
  fleetChanged() {
    this.vessels.later();
    this.coverage.refresh(this.vessels.fleet.newest).catch(this.on.refused);
    if (this.pointer) this.look();
  }

  look() {
    this.asked ??= requestAnimationFrame(() => {
      this.asked = null;
      if (this.pointer) this.describe(this.pointer);
    });
  }

  describe(point) {
    const { lat, lng } = this.map.containerPointToLatLng(point);
    const vessel = this.vessels.at({ lat, lng });
    this.vessels.hover(vessel);
    this.map.getContainer().classList.toggle("over", Boolean(vessel));
    const track = vessel ? [] : trackLines(this.tracks.lines, { lat, lng }, this.map.getZoom());
    const heard = vessel || track.length ? null : this.coverage.says(turned(lng), lat);
    this.say(point, vessel ? vesselLines(vessel, this.vessels.fleet.newest) : track.length ? track : [...this.chart.fencesAt(turned(lng), lat).flatMap((fence, i) => [
      el("b", { class: i ? "more" : null }, bdi(fence.name)), `${human(fence.kind)}${fence.country ? `, ${country(fence.country)}` : ""}; ${POLICIES[fence.policy] ?? fence.policy}`]), ...heard ? [el("i", {}, heard)] : []]);
  }

  overMark(mark) {
    const entry = mark && this.markers.byId.get(mark.dataset.id);
    if (!entry) return;
    this.pointer = null;
    this.vessels.hover(null);
    const { event } = entry, point = this.map.latLngToContainerPoint(entry.marker.getLatLng());
    this.say(point, [el("b", {}, typeName(event.type)), `${human(event.level)}, ${event.status} · score ${event.score.toFixed(2)}`,
      ...vesselsOf(event).map((vessel) => bdi(vesselName(vessel))), this.markers.stacked(event.id) > 1 && el("i", {}, `${this.markers.stacked(event.id)} events here: a click fans them out`)].filter(Boolean));
  }

  say(point, lines) {
    this.tip.hidden = !lines.length;
    if (!lines.length) return;
    this.tip.replaceChildren(...lines.map((line) => el("div", {}, line)));
    const size = this.map.getSize();
    this.tip.style.left = `${Math.max(4, Math.min(point.x + 16, size.x - this.tip.offsetWidth - 4))}px`;
    this.tip.style.top = `${point.y + this.tip.offsetHeight + 20 > size.y ? point.y - this.tip.offsetHeight - 12 : point.y + 16}px`;
  }

  leave() {
    this.pointer = null;
    this.tip.hidden = true;
    byId("where").textContent = "";
    this.vessels.hover(null);
  }

  click({ latlng }) {
    if (this.measure.on) return this.measure.add(latlng);
    if (this.tool?.takesClicks) return this.tool.add(latlng);
    const vessel = this.vessels.at(latlng);
    if (vessel) this.on.vessel(vessel.mmsi);
  }

  controls() {
    byId("zoom-in").addEventListener("click", () => this.map.zoomIn());
    byId("zoom-out").addEventListener("click", () => this.map.zoomOut());
    byId("zoom-all").addEventListener("click", () => this.fitEvents());
    const chosen = localStorage.getItem(PREFERENCE), choice = byId("which-vessels");
    if ([...choice.options].some((option) => option.value === chosen)) choice.value = chosen;
    this.vessels.show(choice.value);
    byId("coverage").addEventListener("change", (event) => this.coverage.show(event.target.checked, this.vessels.fleet.newest).catch(this.on.refused));
    choice.addEventListener("change", () => {
      localStorage.setItem(PREFERENCE, choice.value);
      this.vessels.show(choice.value);
    });
  }

  /* The scale bar: a round distance, to scale in the middle of the map. */
  scale() {
    const size = this.map.getSize(), at = (x) => this.map.containerPointToLatLng([x, size.y / 2]);
    const metres = this.map.distance(at(size.x / 2 - 50), at(size.x / 2 + 50)) / 100;
    const power = 10 ** Math.floor(Math.log10(metres * 130)), long = power * [5, 2, 1].find((factor) => factor * power <= metres * 130);
    byId("scale").style.width = `${long / metres}px`;
    byId("scale").dataset.says = `${kilometres(long / 1000)} · ${number(long / 1852, long < 18520 ? 1 : 0)} nm`;
  }
}

function vesselLines(vessel, newest) {
  const ago = (newest - vessel.at) / 3600000;
  return [
    el("b", {}, bdi(vessel.name ?? `MMSI ${String(vessel.mmsi).padStart(9, "0")}`)),
    [vessel.listed && "on a watchlist", vessel.tanker ? "tanker" : vessel.aisShipType !== null && shipType(vessel.aisShipType), vessel.flag && country(vessel.flag)]
      .filter(Boolean).join(" · "),
    [vessel.speedKnots !== null && `${number(vessel.speedKnots, 1)} kn`, vessel.course !== null && `course ${number(vessel.course, 0)}°`,
      `${clock(vessel.at)} UTC${ago > 0.5 ? `, ${duration(ago)} ago` : ""}`].filter(Boolean).join(" · "),
    statusName(vessel.status) && `says: ${statusName(vessel.status)}`,
  ].filter(Boolean);
}

const turned = (lon) => ((((lon + 180) % 360) + 360) % 360) - 180;
const near = (lon, centre) => centre + turned(lon - centre);
