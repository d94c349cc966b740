/* The desk of alerts: what this reader is told of and how, what everybody has silenced, and the audit. */

import { Refusal } from "./api.js";
import { SavedFilters } from "./saved_filters.js";
import { Silences, audit } from "./silences.js";
import { matches, pairs } from "./selection.js";
import { chime } from "./sound.js";
import { Told } from "./told.js";
import { Watches } from "./watches.js";
import { bdi, byId, el } from "./web/words.js";

const SOUND = "tankerwatch-sound";

export class Desk {
  /* on: signIn(), changed(), area() (the box of the map), selection(), use(selection), show(watch), notify() (asks the browser for
     leave to notify, and returns whether it has it) */
  constructor(on) {
    Object.assign(this, { on, node: byId("desk"), body: byId("desk-body"), parts: new Map(), problems: {}, told: new Told() });
    const changed = () => { on.changed(); this.draw(); };
    this.watches = new Watches(changed);
    this.saved = new SavedFilters(changed);
    this.silences = new Silences(changed, on.signIn);
    byId("desk-toggle").addEventListener("click", () => this.open());
  }

  open(form = null) {
    this.form = form;
    this.audit = null;
    this.problems = {};
    if (!this.node.open) {
      this.parts.clear();
      this.node.showModal();
    }
    this.draw();
    audit().then((list) => { this.audit = list; this.draw(); }).catch((error) => { if (!(error instanceof Refusal)) throw error; });
  }

  /* What an event meets, by key: the list (null), watches, saved filters. */
  met(event) {
    const selection = this.on.selection();
    return new Map([
      ...matches(selection, event) ? [[`list ${JSON.stringify(pairs(selection))}`, null]] : [],
      ...this.watches.matching(event).map((one) => [`watch ${one.mmsi ?? one.bbox}`, one]),
      ...this.saved.matching(event).map((one) => [`filter ${one.query}`, one]),
    ]);
  }

  /* How the reader is to be told of an event that has just come: null if not at all, else {sound, notify, because}. It is told of
     when it begins to meet something, and of each watch once. `before`: the revision before, if the page knew it. */
  verdict(event, before) {
    const met = this.met(event), earlier = before && [...this.met(before).keys()];
    const begun = this.told.take(event.id, [...met.keys()], earlier, (key) => key.startsWith("watch ")).map((key) => [key, met.get(key)]);
    const listed = begun.some(([, one]) => !one), watch = begun.find(([key]) => key.startsWith("watch "))?.[1];
    const reasons = begun.filter(([key, one]) => one && (key.startsWith("watch ") || one.sound || one.notify)).map(([, one]) => one);
    if ((!listed && !reasons.length) || this.silences.of(event)) return null;
    return {
      sound: (listed && localStorage.getItem(SOUND) === "true") || reasons.some((one) => one.sound),
      notify: reasons.some((one) => one.notify),
      because: watch ? `watched: ${watch.name}` : listed ? null : reasons[0].name,
    };
  }

  sound() {
    chime();
  }

  /* Buttons for the panel of a vessel. */
  vesselActions(mmsi, name) {
    const known = this.watches.of({ mmsi }), silenced = this.silences.all.find((one) => one.mmsi === mmsi);
    return [
      el("button", { type: "button", "aria-pressed": String(Boolean(known)), click: (event) => {
        const one = this.watches.of({ mmsi });
        const problem = one ? this.watches.remove(one) : this.watches.add({ mmsi, name }), watched = Boolean(this.watches.of({ mmsi }));
        event.target.textContent = watched ? "Watched" : "Watch";
        event.target.setAttribute("aria-pressed", String(watched));
        event.target.parentElement.querySelector(".problem")?.remove();
        if (problem) event.target.parentElement.append(el("p", { class: "problem", role: "alert" }, problem));
      } }, known ? "Watched" : "Watch"),
      el("button", { type: "button", click: () => this.open({ mmsi, name }) }, silenced ? "Silenced …" : "Silence …"),
    ];
  }

  /* Draws the parts that have something else to say; the others stay, with what the reader is typing in them. */
  draw() {
    if (!this.node.open) return;
    const own = { sound: localStorage.getItem(SOUND) === "true", notify: byId("notify").checked };
    const { watches, saved, silences, form, problems } = this, area = this.on.area();
    this.arrange([
      ["new", own, () => el("section", {}, el("h3", {}, "New events in the list"), this.choices(own, (choice) => {
        if ("sound" in choice) localStorage.setItem(SOUND, String(choice.sound));
        else { byId("notify").checked = choice.notify; byId("notify").dispatchEvent(new Event("change")); }
        this.draw();
      }))],
      ["watches", [watches.all, area, problems.watches], () => el("section", {}, el("h3", {}, "Watched by you"), el("p", { class: "small" }, "Kept in this browser. What happens to them is unread, whatever the filters are."),
        this.rows(watches, (one) => this.on.show(one), "Show it"),
        el("button", { type: "button", click: () => this.attempt("watches", watches.add({ bbox: area, name: `Area from ${corner(area[0], area[1])} to ${corner(area[2], area[3])}` })) }, "Watch the map area"), complaint(problems.watches))],
      ["saved", [saved.all, problems.saved], () => el("section", {}, el("h3", {}, "Saved filters"), this.rows(saved, (one) => this.on.use(one.selection), "Use it"), complaint(problems.saved))],
      ["save", null, () => el("form", { class: "save line", submit: (event) => {
        event.preventDefault();
        const name = new FormData(event.target).get("name").trim(), problem = name && saved.save(name, this.on.selection());
        if (!problem) event.target.reset();
        this.attempt("saved", problem);
      } }, el("input", { name: "name", required: true, maxlength: 60, "aria-label": "Name of the filter", placeholder: "Name" }), el("button", { type: "submit" }, "Save the filters in use"))],
      ["silences", silences.all, () => el("section", {}, el("h3", {}, "Silenced for everybody"), silences.list())],
      silences.all.length && !form && ["who", null, () => silences.who()],
      ["silence", form, () => (form ? silences.form(form, () => this.open())
        : el("div", { class: "line" }, el("button", { type: "button", click: () => this.open({ bbox: this.on.area() }) }, "Silence the map area …"), el("button", { type: "button", click: () => this.open({}) }, "Silence everything …")))],
      this.audit && ["audit", this.audit.textContent, () => el("details", { open: this.body.querySelector("details")?.open }, el("summary", {}, "Audit"), this.audit)],
    ].filter(Boolean));
  }

  /* Shows parts, each with a key, what it depends on, and how it is made. What has the focus keeps it if its part is made anew. */
  arrange(wanted) {
    const focused = document.activeElement, before = this.parts;
    this.parts = new Map(wanted.map(([key, on, make]) => {
      const state = JSON.stringify(on), known = before.get(key);
      if (known?.state === state) return [key, known];
      const node = make(), place = known ? controls(known.node).indexOf(focused) : -1;
      return [key, { state, node, place }];
    }));
    const nodes = [...this.parts.values()].map((part) => part.node);
    for (const node of [...this.body.children]) if (!nodes.includes(node)) node.remove();
    nodes.forEach((node, i) => { if (this.body.children[i] !== node) this.body.insertBefore(node, this.body.children[i] ?? null); });
    for (const part of this.parts.values()) {
      if (part.place >= 0) controls(part.node).at(Math.min(part.place, controls(part.node).length - 1))?.focus();
      part.place = -1;
    }
  }

  /* What the reader asked for was done, or refused with a sentence. */
  attempt(part, problem) {
    this.problems[part] = problem || null;
    this.draw();
  }

  choices(one, choose) {
    return el("span", { class: "line" }, ["sound", "notify"].map((name) => el("label", { class: "choice" }, el("input", { type: "checkbox", checked: Boolean(one[name]), change: async (event) => {
      const wanted = event.target.checked && (name === "sound" || await this.on.notify());
      if (wanted && name === "sound") chime();
      event.target.checked = wanted; // the browser may not allow notifications
      choose({ [name]: wanted });
    } }), name === "sound" ? "Sound" : "Notification")));
  }

  /* The entries of a store of this browser. */
  rows(store, act, label) {
    if (!store.all.length) return null;
    return el("ul", { class: "rows" }, store.all.map((one) => el("li", {}, el("div", {},
      el("button", { type: "button", class: "quiet", title: label, click: () => { this.node.close(); act(one); } }, bdi(one.name)), this.choices(one, (choice) => store.choose(one, choice))),
    el("button", { type: "button", "aria-label": `Remove ${one.name}`, click: () => store.remove(one) }, "✕"))));
  }
}

const controls = (node) => [...node.querySelectorAll("button, input, select, summary, a")];
const complaint = (text) => text && el("p", { class: "problem", role: "alert" }, text);
const corner = (lon, lat) => `${Math.abs(lat).toFixed(2)}°${lat < 0 ? "S" : "N"} ${Math.abs(lon).toFixed(2)}°${lon < 0 ? "W" : "E"}`;
