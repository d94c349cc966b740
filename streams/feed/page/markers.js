/* Events on the map: a disc for an encounter, a diamond for loitering, a square for a port visit, a triangle for a
   drawn fence: on its tip for an entry, upright for an exit. Filled if probable,
   larger the longer the event lasts, ringed while open, struck through if retracted. */

import { clean, el, typeName, vesselName, vesselsOf } from "./web/words.js";
import { Fan } from "./fan.js";
import { hoursOf } from "./web/event.js";

const { L } = window;

const SHAPES = {
  disc: "M0 -7A7 7 0 1 1 0 7A7 7 0 1 1 0 -7Z",
  square: "M-6 -6H6V6H-6Z",
  diamond: "M0 -8L8 0L0 8L-8 0Z",
  tipped: "M-8 -6H8L0 8Z",
  upright: "M-8 6H8L0 -8Z",
};
const FENCED = { fence_entry: "tipped", fence_exit: "upright" };
const shapeOf = (type) => FENCED[type] ?? (type.includes("encounter") || type === "chain" ? "disc" : type.includes("port") ? "square" : "diamond");

/* From 0.8 for an event that has just started to 1.5 after a day. */
const sizeOf = (event, now) => 0.8 + 0.7 * Math.min(1, Math.sqrt(Math.max(0, hoursOf(event, now)) / 24));

const wordsOf = (event) => `${typeName(event.type)}, ${event.status === "retracted" ? "retracted" : `${event.level}, ${event.status}`}: ${
  vesselsOf(event).map(vesselName).join(" and ")}`;

export class Markers {
  /* `opened` gets the id of the event that is clicked. */
  constructor(map, opened) {
    Object.assign(this, { map, opened, byId: new Map(), chosen: null, fan: new Fan(map) });
  }

  get markers() {
    return [...this.byId.values()].map(({ marker }) => marker);
  }

  /* How many events lie where this one does, unless they are fanned out. */
  stacked(id) {
    const { marker } = this.byId.get(id);
    return this.fan.has(marker) ? 1 : this.fan.stack(marker, this.markers).length;
  }

  /* Shows these events and no others. `now`: the end of the data, in milliseconds. */
  show(events, now) {
    const left = new Set(this.byId.keys());
    for (const event of events) {
      left.delete(event.id);
      const state = `${event.revision} ${sizeOf(event, now).toFixed(2)}`;
      const known = this.byId.get(event.id);
      if (known?.state === state) continue;
      if (known) this.change(known, event, now);
      else this.add(event, now);
      this.byId.get(event.id).state = state;
    }
    for (const id of left) {
      this.fan.drop(this.byId.get(id).marker);
      this.byId.get(id).marker.remove();
      this.byId.delete(id);
    }
  }

  choose(id) {
    const before = this.byId.get(this.chosen), after = this.byId.get(id);
    this.chosen = id;
    if (before) this.dress(before);
    if (after) this.dress(after);
  }

  add(event, now) {
    const drawing = el("svg", { viewBox: "-16 -16 32 32", "aria-hidden": "true" });
    const icon = L.divIcon({ className: "event-mark", html: drawing, iconSize: [32, 32] });
    const marker = L.marker([0, 0], { icon, keyboard: false, riseOnHover: true });
    marker.on("click", () => this.fan.spread(marker, this.markers) || this.opened(event.id));
    marker.setLatLng([event.position.lat, event.position.lon]).addTo(this.map);
    const entry = { marker, drawing, event };
    this.byId.set(event.id, entry);
    this.change(entry, event, now);
    marker.getElement().classList.add("appears");
  }

  change(entry, event, now) {
    const { marker, drawing } = entry;
    entry.event = event;
    this.fan.place(marker, [event.position.lat, event.position.lon]);
    const size = sizeOf(event, now), shape = SHAPES[shapeOf(event.type)];
    drawing.replaceChildren(el("g", { transform: `scale(${size.toFixed(2)})` },
      event.status === "open" && el("circle", { r: 11, class: "ring" }),
      el("path", { d: shape, class: "halo" }), el("path", { d: shape, class: "shape" }),
      event.status === "retracted" && el("path", { d: "M-10 10L10 -10", class: "strike" })));
    this.dress(entry);
  }

  dress({ marker, event }) {
    const node = marker.getElement();
    const kept = ["appears", "leaflet-zoom-animated", "leaflet-interactive", "leaflet-marker-icon"].filter((name) => node.classList.contains(name));
    node.className = ["event-mark", ...kept, `type-${clean(event.type)}`, event.level, event.status].join(" ");
    node.classList.toggle("chosen", event.id === this.chosen);
    node.setAttribute("aria-label", clean(wordsOf(event)));
    node.setAttribute("role", "img");
    node.dataset.id = event.id;
    marker.setZIndexOffset(event.id === this.chosen ? 10000 : event.status === "retracted" ? -1000 : Math.round(event.score * 500));
  }
}
