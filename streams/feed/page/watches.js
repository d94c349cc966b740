/* Personal watches, kept in this browser: vessels and rectangles whose events are unread, heard and notified of, whatever
   the filters are. */

import { inside } from "./selection.js";
import { vesselsOf } from "./web/words.js";

const KEY = "tankerwatch-watches";
const MOST = 100;

export class Watches {
  /* `changed` is called after every change. */
  constructor(changed) {
    this.changed = changed;
    this.all = read(KEY);
    addEventListener("storage", (event) => { if (event.key === KEY) { this.all = read(KEY); this.changed(); } }); // another tab
  }

  /* A watch: {mmsi, name} or {bbox, name}; sound and notify are choices. */
  add(watch) {
    if (this.all.length >= MOST || this.of(watch)) return;
    this.set([...this.all, { sound: true, notify: false, ...watch }]);
  }

  of({ mmsi, bbox }) {
    return this.all.find((one) => (mmsi ? one.mmsi === mmsi : String(one.bbox) === String(bbox)));
  }

  remove(watch) {
    this.set(this.all.filter((one) => one !== watch));
  }

  choose(watch, choice) {
    this.set(this.all.map((one) => (one === watch ? { ...one, ...choice } : one)));
  }

  set(all) {
    this.all = all;
    localStorage.setItem(KEY, JSON.stringify(all));
    this.changed();
  }

  /* The watches that an event concerns. */
  matching(event) {
    return this.all.filter((watch) => (watch.mmsi ? vesselsOf(event).some((vessel) => Number(vessel.ssvid) === watch.mmsi) : inside(watch.bbox, event.position)));
  }
}

/* A list that was kept as JSON; what cannot be read is none. */
export function read(key) {
  try {
    const found = JSON.parse(localStorage.getItem(key) ?? "[]");
    return Array.isArray(found) ? found.filter((one) => one && typeof one === "object") : [];
  } catch {
    return [];
  }
}
