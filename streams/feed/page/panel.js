/* The panel of the open event: what was seen, the reasons for and against it, and the reviews. */

import { Refusal, addressOf, get } from "./api.js";
import { bdi, byId, clean, el, moment, timeOf, typeName, vesselName, vesselsOf } from "./web/words.js";
import { badge, evidence, grounds, keyFacts, places, plotsOf, revisions, save, section, tag, vesselCards, who } from "./web/event.js";
import { keepingFocus } from "./focus.js";
import { hullsOf } from "./hulls.js";
import { elsewhere, imagesOf, registersOf } from "./links.js";
import { reviewForm, reviewList } from "./review.js";
import { dossierOf, linkTo } from "./address.js";
import { TONES, figures, legList, tonesOf } from "./case_view.js";
import { isCase, legsOf, wayOf } from "./cases.js";
import { pointsOf } from "./tracks.js";

const OPEN = "still open";

export class EventPanel {
  /* on: close(), zoom(box), step(-1 or 1), event(id), vessel(mmsi), time(milliseconds or null), tracks(lines, dots, legs),
     signIn(), now(event) (the newest time of the data), ahead(id) (when it becomes known, if it is not yet), seek(milliseconds) */
  constructor(on) {
    Object.assign(this, { node: byId("panel"), on, event: null });
  }

  /* Opens it with what is loaded already (`known`), then with the rest. */
  async open(id, known = null) {
    const same = this.event?.id === id;
    this.id = id;
    if (!same) Object.assign(this, { event: known, history: known ? [known] : [], reviews: [], members: [], landed: [], dimensions: {}, form: null, tracks: null });
    if (!same && known) this.draw();
    if (!same) this.node.scrollTop = 0;
    await this.refresh();
  }

  /* Loads everything again, after a new revision or review. */
  async refresh() {
    const { id } = this, asking = (this.asking = {}), ahead = this.on.ahead(id);
    if (ahead !== null) {
      this.event = null;
      this.on.tracks([]);
      this.say("At the moment that is shown, this event is not known yet.", el("button", { type: "button", click: () => this.on.seek(ahead) }, `Go to ${moment(ahead)}`));
      return;
    }
    try {
      const { content } = await get(`events/${encodeURIComponent(id)}`);
      if (asking !== this.asking) return;
      const { event, revisions: history, reviews, dimensions, members, landed } = content;
      Object.assign(this, { event, history, reviews, dimensions, members, landed });
      this.draw();
      await this.loadTracks(asking);
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      if (asking === this.asking && (!this.event || error.status === 404)) this.say(error.message);
    }
  }

  close() {
    if (!this.isOpen) return; // the vessel's panel is in the same place
    this.id = this.event = this.asking = null;
    keepingFocus(this.node, () => this.node.replaceChildren());
  }

  get isOpen() {
    return Boolean(this.id);
  }

  say(sentence, more) {
    keepingFocus(this.node, () => this.node.replaceChildren(...[this.bar(), el("p", { class: "hint" }, bdi(sentence)), more && el("div", { class: "actions" }, more)].filter(Boolean)));
  }

  /* Loads the whole tracks. Until then, and if there are none, the map shows the positions of the evidence. */
  async loadTracks(asking) {
    const { content } = await get(`events/${encodeURIComponent(this.id)}/track`);
    if (asking !== this.asking) return;
    const order = vesselsOf(this.event).map((vessel) => vessel.ssvid);
    this.tracks = content.features.flatMap((feature) => {
      const { mmsi } = feature.properties, index = order.indexOf(String(mmsi).padStart(9, "0"));
      return index < 0 ? [] : [{ tone: TONES[index % TONES.length], points: pointsOf(feature), name: vesselName(vesselsOf(this.event)[index]), mmsi: Number(mmsi) }];
    });
    this.showTracks();
  }

  showTracks() {
    const tones = tonesOf(this.event), legs = this.event.chain ? legsOf(this.event) : [];
    const dots = this.event.evidence.positions.filter((sample) => tones.has(sample.ssvid))
      .map((sample) => ({ tone: tones.get(sample.ssvid), lon: sample.lon, lat: sample.lat, time: Date.parse(sample.time) }));
    const seen = [...tones.values()].map((tone) => ({ tone, points: dots.filter((dot) => dot.tone === tone).map((dot) => [dot.time, dot.lon, dot.lat]) }));
    const lines = this.tracks?.length ? this.tracks : seen.filter(({ points }) => points.length);
    this.on.tracks([...lines, ...leapOf(this.event)], this.event.chain ? [] : dots, legs);
  }

  bar() {
    const { event } = this;
    return el("div", { class: "panel-bar" }, grip(),
      event && el("span", { class: "line" }, tag(event), event.status !== "retracted" && badge("level", event.level), badge("status", event.status)),
      el("span", { class: "grow" }),
      el("button", { type: "button", "aria-label": "Previous event", title: "Previous event (k)", click: () => this.on.step(-1) }, "↑"),
      el("button", { type: "button", "aria-label": "Next event", title: "Next event (j)", click: () => this.on.step(1) }, "↓"),
      el("button", { type: "button", "aria-label": "Close", title: "Close (Esc)", click: () => this.on.close() }, "✕"));
  }

  draw() {
    const { event } = this, style = getComputedStyle(this.node);
    const width = Math.max(280, this.node.clientWidth - parseFloat(style.paddingLeft) - parseFloat(style.paddingRight));
    const measured = event.chain ? this.members.filter((member) => member.encounter) : [event]; // a chain has the plots of its transfers
    const plots = measured.flatMap((each) => plotsOf(each, width, {}, (time) => this.on.time(time)));
    const scrolled = this.node.scrollTop;
    this.form ??= reviewForm(event.id, () => this.refresh(), () => this.on.signIn());
    const printed = document.body.classList.contains("dossier");
    this.drawn = width;
    this.figures = event.chain && event.status !== "retracted" ? figures(event, this.landed, this.on.now(event)) : null;
    keepingFocus(this.node, () => this.node.replaceChildren(...[
      this.bar(),
      el("h2", { class: event.status === "retracted" ? "retracted" : null }, event.chain ? wayOf(event) : who(event)),
      this.figures,
      event.chain && legList(event, { event: (id) => this.on.event(id), leg: (leg) => this.on.leg(leg), zoom: (leg) => this.on.near(leg.position), link: linkTo }),
      el("p", { class: "sentence" }, bdi(event.summary)),
      el("p", { class: "small" }, el("b", {}, `Score ${event.score.toFixed(2)}`), ` · revision ${event.revision}, detected `, timeOf(event.detected)),
      event.case && el("p", { class: "small" }, "A leg of the suspected delivery chain ", this.link(event.case, this.nameOf(event.case)), "."),
      event.status === "retracted" && el("p", { class: "warning" }, "Retracted: later data showed that this event did not hold. The reasons against it say why."),
      this.actions(),
      ...grounds(event),
      event.chain ? null : this.around(),
      plots.length ? section(event.chain ? "Transfers over time" : "Over time", plots) : null,
      ...(printed ? [] : measured.map((each) => hullsOf(each, this.dimensions, width))),
      section("Measurements", keyFacts(event, OPEN)),
      this.vessels(),
      event.geofences.length ? places(event) : null,
      !printed && (event.chain ? legsOf(event) : [event]).map(({ position, start, number, place }) => elsewhere(imagesOf(position, Date.parse(start)), `Satellites, ${number ? `${number}, ${place}` : "there"}, ${start.slice(0, 10)}`)),
      printed && !this.reviews.length ? null : section("Reviews", reviewList(this.reviews), this.form),
      evidence(event),
      !printed && revisions(this.history),
    ].flat().filter(Boolean)));
    this.node.scrollTop = scrolled;
    this.showTracks();
  }

  /* The data have gone on: there may be less time left. */
  tick() {
    if (!this.event || !this.figures?.isConnected) return;
    const made = figures(this.event, this.landed, this.on.now(this.event));
    if (made.textContent === this.figures.textContent) return;
    this.figures.replaceWith(made);
    this.figures = made;
  }

  link(id, ...text) {
    return el("a", { href: linkTo(id), click: (clicked) => { clicked.preventDefault(); this.on.event(id); } }, text);
  }

  /* A case by its ships, where it is loaded, else by its id. */
  nameOf(id) {
    const known = this.on.known(id);
    return known?.chain ? wayOf(known) : clean(id);
  }

  /* What the vessels of an encounter did around it. */
  around() {
    return isCase(this.event) && this.members.length ? section("Before, meanwhile and after", el("ul", { class: "links" }, this.members.map((member) => el("li", {},
      this.link(member.id, typeName(member.type)), ", ", timeOf(member.start), ". ", bdi(member.summary))))) : null;
  }

  redraw() {
    if (this.event && this.node.clientWidth && this.drawn !== this.node.clientWidth) this.draw();
  }

  vessels() {
    const cards = vesselCards(this.event);
    vesselsOf(this.event).forEach((vessel, i) => cards.querySelectorAll(".card")[i].append(elsewhere(registersOf(vessel.imo)) || "", el("button", { type: "button", class: "quiet",
      click: () => this.on.vessel(Number(vessel.ssvid)) }, "More about this vessel")));
    return cards;
  }

  actions() {
    const { event } = this, path = `events/${encodeURIComponent(event.id)}`, name = `tankerwatch-${clean(event.id)}`;
    const copy = async (clicked) => {
      const button = clicked.currentTarget, link = new URL(linkTo(event.id), location.href).href;
      try {
        await navigator.clipboard.writeText(link);
        button.textContent = "Link copied";
      } catch { // browsers give the clipboard only to pages with TLS or on loopback
        prompt("Link to this event:", link);
      }
    };
    return el("div", { class: "actions" },
      el("button", { type: "button", click: () => this.on.zoom() }, "Zoom to event"),
      el("button", { type: "button", click: copy }, "Copy link"),
      el("span", { class: "downloads" }, el("a", { href: dossierOf(event.id), target: "_blank", title: "This event alone, to be printed or saved as PDF" }, "Dossier")),
      el("span", { class: "downloads" }, el("span", { class: "small" }, "Download "),
        el("a", { href: addressOf(path), download: `${name}.json` }, "JSON"),
        el("a", { href: "#", click: (clicked) => { clicked.preventDefault(); save(JSON.stringify(featureOf(event), null, 2), `${name}.geojson`); } }, "GeoJSON"),
        el("a", { href: addressOf(`${path}/track`), download: `${name}-track.json` }, "Track")));
  }
}

/* A button that makes the sheet on a phone taller or lower. */
export const grip = () => el("button", { type: "button", class: "grip", "aria-label": "Make the sheet taller or lower", click: () => document.body.classList.toggle("tall") });

/* The event as in `events.geojson`: a point, with the rest as properties. */
function featureOf(event) {
  const { position, boundingBox, ...properties } = event;
  return { type: "Feature", id: event.id, bbox: boundingBox, geometry: { type: "Point", coordinates: [position.lon, position.lat] }, properties };
}

/* A dashed line from where a vessel was to where its positions jumped. The times only make it a line over a silence. */
const leapOf = ({ position, positionAnomaly }) => {
  const there = positionAnomaly?.falsePosition;
  return there ? [{ tone: "a", points: [[0, position.lon, position.lat], [2 * 3600e3, there.lon, there.lat]] }] : [];
};
