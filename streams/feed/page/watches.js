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
    this.load();
    addEventListener("storage", (event) => { if (event.key === KEY) { this.load(); this.changed(); } }); // another tab
  }

  load() {
    this.all = read(KEY).filter(usable).slice(0, MOST);
  }

  /* A watch: {mmsi, name} or {bbox, name}; sound and notify are choices. Returns a sentence if it is refused, else null. */
  add(watch) {
    if (this.of(watch)) return null;
    if (this.all.length >= MOST) return `You watch ${MOST} vessels and areas already, and no more fit. Remove one first.`;
    return this.set([...this.all, { sound: true, notify: false, ...watch }]);
  }

  of({ mmsi, bbox }) {
    return this.all.find((one) => (mmsi ? one.mmsi === mmsi : String(one.bbox) === String(bbox)));
  }

  remove(watch) {
    this.set(this.all.filter((one) => one !== this.of(watch)));
  }

  choose(watch, choice) {
    this.set(this.all.map((one) => (one === this.of(watch) ? { ...one, ...choice } : one)));
  }

  set(all) {
    const problem = keep(KEY, all);
    if (!problem) this.all = all;
    this.changed();
    return problem;
  }

  /* The watches that an event concerns. */
  matching(event) {
    return this.all.filter((watch) => (watch.mmsi ? vesselsOf(event).some((vessel) => Number(vessel.ssvid) === watch.mmsi) : inside(watch.bbox, event.position)));
  }
}

/* What the page can use: anything may be in the store, also what another version wrote. */
function usable({ mmsi, bbox, name }) {
  const box = Array.isArray(bbox) && bbox.length === 4 && bbox.every(Number.isFinite);
  return typeof name === "string" && (mmsi === undefined ? box : Number.isInteger(mmsi) && bbox === undefined);
}

/* Keeps a list as JSON. Returns a sentence if the browser does not allow it, else null. */
export function keep(key, list) {
  try {
    localStorage.setItem(key, JSON.stringify(list));
    return null;
  } catch {
    return "This browser has no room for it, or keeps nothing for this page.";
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
