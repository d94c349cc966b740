/* The panel of one vessel: its present and past identities, watchlists, recent track and events. */

import { Refusal, addressOf, get } from "./api.js";
import { bdi, byId, country, duration, el, human, number, place, shipType, timeOf, typeName, vesselName, vesselsOf } from "./web/words.js";
import { linkTo } from "./address.js";
import { barrelsOf, portName, wayOf } from "./cases.js";
import { keepingFocus } from "./focus.js";
import { elsewhere, imagesOf, registersOf } from "./links.js";
import { statusName } from "./nav_status.js";
import { grip } from "./panel.js";
import { facts, hits, hoursOf, section, table } from "./web/event.js";

const MOST = 200; // events asked for

export class VesselPanel {
  /* on: close(), zoom(), event(id), vessel(mmsi), actions(mmsi, name) (further buttons), tracks(lines), time(milliseconds or null) */
  constructor(on) {
    Object.assign(this, { node: byId("panel"), on, mmsi: null });
  }

  get isOpen() {
    return this.mmsi !== null;
  }

  async open(mmsi) {
    if (this.mmsi !== mmsi) Object.assign(this.node, { scrollTop: 0 });
    if (this.mmsi !== mmsi) this.period = { start: "", end: "" };
    this.mmsi = mmsi;
    const asking = (this.asking = {});
    try {
      const [{ content }, events, ledger] = await Promise.all([get(`vessels/${mmsi}`), get("events", { mmsi: String(mmsi).padStart(9, "0"), limit: MOST }), get("ledger")]);
      if (asking !== this.asking) return;
      this.draw(content, events.content, ledger.content.years);
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      if (asking === this.asking) keepingFocus(this.node, () => this.node.replaceChildren(this.bar(), el("p", { class: "hint" }, bdi(error.message))));
    }
  }

  close() {
    if (!this.isOpen) return; // the event's panel is in the same place
    this.mmsi = this.asking = null;
    keepingFocus(this.node, () => this.node.replaceChildren());
  }

  bar() {
    return el("div", { class: "panel-bar" }, grip(), el("span", { class: "tag" }, "Vessel"), el("span", { class: "grow" }),
      el("button", { type: "button", "aria-label": "Close", title: "Close (Esc)", click: () => this.on.close() }, "✕"));
  }

  draw({ mmsi, flag, whereabouts, identity, identities, track, watchlists }, { events, landed, next }, years) {
    this.track = track;
    const of = (...types) => events.filter((event) => types.includes(event.type) && event.status !== "retracted");
    const ship = identity?.imo ? `IMO ${identity.imo}` : `MMSI ${String(mmsi).padStart(9, "0")}`;
    const shares = years.flatMap((year) => year.rows.filter((row) => row.ship === ship));
    const number9 = String(mmsi).padStart(9, "0"), told = identities.filter((one) => one.name || one.imo || one.callsign || one.aisShipType); // first it is only heard
    const scrolled = this.node.scrollTop;
    keepingFocus(this.node, () => this.node.replaceChildren(...[
      this.bar(),
      el("h2", {}, bdi(identity?.name ?? `MMSI ${number9}`)),
      hits(watchlists),
      elsewhere(registersOf(identity?.imo)),
      el("div", { class: "actions" }, el("button", { type: "button", click: () => this.on.zoom() }, "Zoom to vessel"), this.on.actions(mmsi, identity?.name ?? `MMSI ${number9}`)),
      identity?.shared && el("p", { class: "warning" }, "This MMSI is used in two places at once: several ships may share it."),
      facts([["MMSI", number9], ["IMO", identity?.imo ?? "not known"], ["Call sign", identity?.callsign ? bdi(identity.callsign) : "not known"],
        ["Flag", flag ? country(flag) : "not known"], ["Type", identity?.aisShipType ? `${human(shipType(identity.aisShipType))} (AIS ${identity.aisShipType})` : "not known"],
        ["Size", sizeOf(identity?.dimensions)], ["Draught", identity?.draughtMeters ? `${number(identity.draughtMeters, 1)} m, self-reported` : "not known"]]),
      whereabouts && section("Last heard", facts([["Time", timeOf(whereabouts.time)], ["Position", place(whereabouts.lon, whereabouts.lat)],
        ["Speed", whereabouts.speedKnots === null ? "not known" : `${number(whereabouts.speedKnots, 1)} kn`],
        ["Course", whereabouts.course === null ? "not known" : `${number(whereabouts.course, 0)}°`],
        ["Heading", whereabouts.heading === null ? "not known" : `${number(whereabouts.heading, 0)}°`],
        ["Status", statusName(whereabouts.status) ?? "not known"]]),
        elsewhere(imagesOf(whereabouts, Date.parse(whereabouts.time)), "That place and day")),
      this.tables(of, landed, number9),
      shares.length && section("Share of the ledger", table("Deliveries to North Korea that are counted for it, in barrels.", ["Year", "Port", "Calls seen", "Possible", "Barrels, about"], shares.map((row) => [
        String(row.year), bdi(portName(row.port)), row.seen, row.possible, row.barrels_seen.mid + row.barrels_possible.mid]))),
      next && el("p", { class: "small" }, `Only its latest ${events.length} events are shown.`),
      this.tracks(number9),
      told.length > 1 && section("Identities", table("", ["Confirmed", "Name", "IMO", "Call sign", "Type", "Draught"], told.toReversed().map((one) => [
        timeOf(one.time), one.name ? bdi(one.name) : "–", one.imo ?? "–", one.callsign ? bdi(one.callsign) : "–", one.aisShipType === null ? "–" : String(one.aisShipType),
        one.draughtMeters ? `${number(one.draughtMeters, 1)} m` : "–"]))),
    ].filter(Boolean).flat()));
    this.node.scrollTop = scrolled;
    this.showTrack();
  }

  /* What it did, by kind: each event is a link. */
  tables(of, landed, number9) {
    const link = (event, text) => el("a", { href: linkTo(event.id), click: (clicked) => { clicked.preventDefault(); this.on.event(event.id); } }, text);
    const from = (event) => timeOf(event.start, event.start.slice(0, 10)), lasted = (event) => (event.end ? duration(hoursOf(event)) : "open");
    const others = (event) => vesselsOf(event).filter((vessel) => vessel.ssvid !== number9).slice(0, 4).map((vessel, i) => [i ? ", " : null,
      el("button", { type: "button", class: "quiet", click: () => this.on.vessel(Number(vessel.ssvid)) }, bdi(vesselName(vessel)))]);
    const chains = of("chain"), met = of("encounter", "dark_encounter"), calls = of("port_visit", "dark_port_visit"), gaps = of("gap"), rest = of("loitering", "identity", "position_anomaly", "dark_vessel", "fence_entry", "fence_exit");
    const kinds = [
      ["Delivery chains", chains, ["Way", "From", "Level", "Score"], (event) => [link(event, wayOf(event)), from(event), human(event.level), event.score]],
      ["Whom it met", met, ["Vessel", "From", "Lasted", "Level"], (event) => [el("span", {}, others(event)), link(event, from(event)), lasted(event), human(event.level)]],
      ["Calls", calls, ["Port", "From", "Lasted", "Kind"], (event) => [bdi(event.portVisit?.portName ?? `perhaps ${event.darkPortVisit?.ports[0]?.portName ?? "none"}`), link(event, from(event)), lasted(event), event.type === "port_visit" ? "seen" : "possible, dark"]],
      ["Silences", gaps, ["From", "Lasted", "Level", "Score"], (event) => [link(event, from(event)), lasted(event), human(event.level), event.score]],
      ["Other events", rest, ["Kind", "From", "Lasted", "Level"], (event) => [typeName(event.type), link(event, from(event)), lasted(event), human(event.level)]],
    ].filter(([, events]) => events.length);
    const barrels = barrelsOf(chains.flatMap((chain) => landed[chain.id] ?? []));
    if (!kinds.length) return section("Events", el("p", { class: "small" }, "None."));
    return kinds.map(([title, events, heads, cells]) => section(title, table("", heads, events.map(cells)), title === "Delivery chains" && barrels && el("p", { class: "small" }, `May have landed ${barrels.about} (${barrels.range}).`)));
  }

  /* The period of its track, for the map and for a file. */
  tracks(number9) {
    const inputs = {}, field = (name, text) => el("label", {}, text, " ", inputs[name] = el("input", { type: "date", value: this.period[name], change: changed, blur: () => settle(name) }));
    const changed = () => {
      this.period = { start: inputs.start.value, end: inputs.end.value };
      this.showTrack();
      save();
    };
    const settle = (name) => { // no period ends before it starts; while a year is typed, it is another one
      const { start, end } = inputs;
      if (!start.value || !end.value || start.value <= end.value) return;
      start.value = end.value = inputs[name].value;
      changed();
    };
    const file = el("a", { download: `tankerwatch-${number9}-track.json` }, "Download the track");
    const save = () => file.setAttribute("href", addressOf(`vessels/${number9}/track`, Object.entries({
      start: this.period.start && `${this.period.start}T00:00:00Z`, end: this.period.end && `${this.period.end}T23:59:59Z` }).filter(([, value]) => value)));
    save();
    return section("Track", el("div", { class: "actions" }, field("start", "from"), field("end", "until"), el("span", { class: "downloads" }, file)));
  }

  showTrack() {
    const segments = new Map(), { start, end } = this.period;
    for (const point of this.track) {
      if ((start && point.time.slice(0, 10) < start) || (end && point.time.slice(0, 10) > end)) continue;
      if (!segments.has(point.segment)) segments.set(point.segment, []);
      segments.get(point.segment).push([Date.parse(point.time), point.lon, point.lat, point.speedKnots, point.status]);
    }
    this.on.tracks([...segments.values()].map((points) => ({ tone: "a", points })));
  }
}

const sizeOf = (d) => (d && d.to_bow + d.to_stern ? `${d.to_bow + d.to_stern} × ${d.to_port + d.to_starboard} m` : "not known");
