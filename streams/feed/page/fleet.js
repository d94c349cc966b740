/* The fleet: the latest position of every vessel, polled from the server. Vessels that are silent for long are
   removed. */

import { Refusal, get } from "./api.js";

const GONE = 24 * 3600 * 1000; // milliseconds without a tick after which a vessel is removed
const FILLED = 3600 * 1000; // milliseconds for which positions can be filled in later

const mercatorY = (lat) => {
  const sine = Math.sin((Math.min(85.0511, Math.max(-85.0511, lat)) * Math.PI) / 180);
  return 0.5 - Math.log((1 + sine) / (1 - sine)) / (4 * Math.PI);
};

/* A position on the map (Web Mercator), with the world one unit wide. */
export const project = (lon, lat) => [(lon + 180) / 360, mercatorY(lat)];

export class Fleet {
  /* `changed` is called after every answer with vessels, `clock` with the newest time in the data. */
  constructor(changed, clock) {
    Object.assign(this, { changed, clock, byMmsi: new Map(), newest: null, next: null, at: null });
  }

  /* Polls from now on, with this many seconds between two requests; less often while the page is hidden. */
  start(seconds, at = null) {
    Object.assign(this, { seconds, at });
    this.ask();
    document.addEventListener("visibilitychange", () => document.hidden || this.at !== null || this.ask());
  }

  /* Shows a moment of a recording, in milliseconds, and asks no more by itself; null: all that was read. `onward`:
     from the moment shown before, so that what has changed since will do. */
  async show(at, onward) {
    const before = onward ? this.at : null;
    this.at = at;
    if (at === null || before === null) {
      this.next = null;
      return this.ask();
    }
    clearTimeout(this.timer);
    this.asking?.abort();
    this.asking = new AbortController();
    return this.poll(this.asking.signal, { since: new Date(before - FILLED).toISOString() });
  }

  ask() {
    clearTimeout(this.timer);
    this.asking?.abort();
    const asking = (this.asking = new AbortController());
    this.poll(asking.signal).catch((error) => { // the stream shows the error
      if (!(error instanceof Refusal || error.name === "AbortError")) throw error;
    }).finally(() => {
      if (asking !== this.asking || this.at !== null) return;
      this.timer = setTimeout(() => this.ask(), this.seconds * 1000 * (document.hidden ? 6 : 1));
    });
  }

  /* Gets what has changed since the last answer, or everything if the server does not know that answer. */
  async poll(signal, changes = this.next ? { after: this.next } : {}) {
    const { content } = await get("vessels", changes, signal);
    if (content.whole) this.byMmsi.clear();
    this.next = this.at === null ? content.next : null;
    if (!content.time) return;
    this.newest = Date.parse(content.time);
    for (const vessel of content.vessels) this.put(vessel);
    for (const vessel of this.byMmsi.values()) if (this.newest - vessel.at > GONE) this.byMmsi.delete(vessel.mmsi);
    this.clock(content.time);
    this.changed();
  }

  put(vessel) {
    [vessel.x, vessel.y] = project(vessel.lon, vessel.lat);
    vessel.at = Date.parse(vessel.time);
    vessel.rank = vessel.listed ? 2 : vessel.tanker ? 1 : 0;
    this.byMmsi.set(vessel.mmsi, vessel);
  }
}
