/* The panel of one vessel: its present and past identities, watchlists, recent track and events. */

import { Refusal, get } from "./api.js";
import { bdi, byId, country, el, human, number, place, shipType, timeOf } from "./web/words.js";
import { grip } from "./panel.js";
import { facts, hits, section, table } from "./web/event.js";

/* Navigational status (ITU-R M.1371, message 1). */
const STATUSES = ["under way using engine", "at anchor", "not under command", "restricted manoeuvrability", "constrained by draught", "moored",
  "aground", "fishing", "under way sailing", null, null, "towing astern", "pushing or towing alongside", null, "AIS-SART"];

export class VesselPanel {
  /* on: close(), zoom(), event(id), known(id) (the event, if in the list), tracks(lines), time(milliseconds or null) */
  constructor(on) {
    Object.assign(this, { node: byId("panel"), on, mmsi: null });
  }

  get isOpen() {
    return this.mmsi !== null;
  }

  async open(mmsi) {
    if (this.mmsi !== mmsi) this.node.scrollTop = 0;
    this.mmsi = mmsi;
    const asking = (this.asking = {});
    try {
      const { content } = await get(`vessels/${mmsi}`);
      if (asking === this.asking) this.draw(content);
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      if (asking === this.asking) this.node.replaceChildren(this.bar(), el("p", { class: "hint" }, bdi(error.message)));
    }
  }

  close() {
    this.mmsi = this.asking = null;
    this.node.replaceChildren();
  }

  bar() {
    return el("div", { class: "panel-bar" }, grip(), el("span", { class: "tag" }, "Vessel"), el("span", { class: "grow" }),
      el("button", { type: "button", "aria-label": "Close", title: "Close (Esc)", click: () => this.on.close() }, "✕"));
  }

  draw({ mmsi, flag, whereabouts, identity, identities, track, watchlists, events }) {
    const number9 = String(mmsi).padStart(9, "0");
    const scrolled = this.node.scrollTop;
    this.node.replaceChildren(...[
      this.bar(),
      el("h2", {}, bdi(identity?.name ?? `MMSI ${number9}`)),
      hits(watchlists),
      el("div", { class: "actions" }, el("button", { type: "button", click: () => this.on.zoom() }, "Zoom to vessel")),
      identity?.shared && el("p", { class: "warning" }, "This MMSI is used in two places at once: several ships may share it."),
      facts([["MMSI", number9], ["IMO", identity?.imo ?? "not known"], ["Call sign", identity?.callsign ? bdi(identity.callsign) : "not known"],
        ["Flag", flag ? country(flag) : "not known"], ["Type", identity?.aisShipType ? `${human(shipType(identity.aisShipType))} (AIS ${identity.aisShipType})` : "not known"],
        ["Size", sizeOf(identity?.dimensions)], ["Draught", identity?.draughtMeters ? `${number(identity.draughtMeters, 1)} m, self-reported` : "not known"]]),
      whereabouts && section("Last heard", facts([["Time", timeOf(whereabouts.time)], ["Position", place(whereabouts.lon, whereabouts.lat)],
        ["Speed", whereabouts.speedKnots === null ? "not known" : `${number(whereabouts.speedKnots, 1)} kn`],
        ["Course", whereabouts.course === null ? "not known" : `${number(whereabouts.course, 0)}°`],
        ["Heading", whereabouts.heading === null ? "not known" : `${number(whereabouts.heading, 0)}°`],
        ["Status", (whereabouts.status !== null && STATUSES[whereabouts.status]) || "not known"]])),
      section("Events", events.length ? el("ul", { class: "links" }, events.map((id) => el("li", {}, el("a", { href: `?event=${encodeURIComponent(id)}`,
        click: (clicked) => { clicked.preventDefault(); this.on.event(id); } }, bdi(this.on.known(id)?.summary ?? `Event ${id}`)))))
        : el("p", { class: "small" }, "None.")),
      identities.length > 1 && section("Identities", table("", ["Confirmed", "Name", "IMO", "Call sign", "Type", "Draught"], identities.toReversed().map((one) => [
        timeOf(one.time), one.name ? bdi(one.name) : "–", one.imo ?? "–", one.callsign ? bdi(one.callsign) : "–", one.aisShipType === null ? "–" : String(one.aisShipType),
        one.draughtMeters ? `${number(one.draughtMeters, 1)} m` : "–"]))),
    ].filter(Boolean).flat());
    this.node.scrollTop = scrolled;
    const segments = new Map();
    for (const point of track) {
      if (!segments.has(point.segment)) segments.set(point.segment, []);
      segments.get(point.segment).push([Date.parse(point.time), point.lon, point.lat]);
    }
    this.on.tracks([...segments.values()].map((points) => ({ tone: "a", points })));
  }
}

const sizeOf = (d) => (d && d.to_bow + d.to_stern ? `${d.to_bow + d.to_stern} × ${d.to_port + d.to_starboard} m` : "not known");
