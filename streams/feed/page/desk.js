/* The desk of alerts: what this reader is told of and how, what everybody has silenced, and the audit. */

import { Refusal } from "./api.js";
import { SavedFilters } from "./saved_filters.js";
import { Silences, audit } from "./silences.js";
import { chime } from "./sound.js";
import { Watches } from "./watches.js";
import { bdi, byId, el } from "./web/words.js";

const SOUND = "tankerwatch-sound";

export class Desk {
  /* on: signIn(), changed(), area() (the box of the map), selection(), use(selection), show(watch), notify() (asks the browser for
     leave to notify, and returns whether it has it) */
  constructor(on) {
    Object.assign(this, { on, node: byId("desk"), body: byId("desk-body") });
    const changed = () => { on.changed(); this.draw(); };
    this.watches = new Watches(changed);
    this.saved = new SavedFilters(changed);
    this.silences = new Silences(changed, on.signIn);
    byId("desk-toggle").addEventListener("click", () => this.open());
  }

  open(form = null) {
    this.form = form;
    this.audit = null;
    if (!this.node.open) this.node.showModal();
    this.draw();
    audit().then((list) => { this.audit = list; this.draw(); }).catch((error) => { if (!(error instanceof Refusal)) throw error; });
  }

  /* How the reader is to be told of an event that has just come: null if not at all, else {sound, notify, because}.
     `shown`: it is new in the list. `dismissed`: its case was. */
  verdict(event, shown, dismissed) {
    const watches = this.watches.matching(event), saved = this.saved.matching(event).filter((one) => one.sound || one.notify);
    if (!shown && !watches.length && !saved.length) return null;
    if (dismissed || this.silences.of(event)) return null;
    const reasons = [...watches, ...saved];
    return {
      sound: (shown && localStorage.getItem(SOUND) === "true") || reasons.some((one) => one.sound),
      notify: reasons.some((one) => one.notify),
      because: watches.length ? `watched: ${watches[0].name}` : shown ? null : saved[0].name,
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
        if (one) this.watches.remove(one);
        else this.watches.add({ mmsi, name });
        event.target.textContent = one ? "Watch" : "Watched";
        event.target.setAttribute("aria-pressed", String(!one));
      } }, known ? "Watched" : "Watch"),
      el("button", { type: "button", click: () => this.open({ mmsi, name }) }, silenced ? "Silenced …" : "Silence …"),
    ];
  }

  draw() {
    if (!this.node.open) return;
    if (this.body.querySelector("form.silence, form.save")?.contains(document.activeElement)) return; // the reader is typing
    const choices = (one, choose) => el("span", { class: "line" }, ["sound", "notify"].map((name) => el("label", { class: "choice" }, el("input", { type: "checkbox", checked: Boolean(one[name]), change: async (event) => {
      const wanted = event.target.checked && (name === "sound" || await this.on.notify());
      if (wanted && name === "sound") chime();
      choose({ [name]: wanted });
    } }), name === "sound" ? "Sound" : "Notification")));
    const row = (name, one, store, act, label) => el("li", {}, el("div", {}, el("button", { type: "button", class: "quiet", title: label, click: () => { this.node.close(); act(); } }, bdi(name)), choices(one, (choice) => store.choose(one, choice))),
      el("button", { type: "button", "aria-label": `Remove ${name}`, click: () => store.remove(one) }, "✕"));
    const own = { sound: localStorage.getItem(SOUND) === "true", notify: byId("notify").checked };
    const area = this.on.area();
    this.body.replaceChildren(...[
      el("section", {}, el("h3", {}, "New events in the list"), choices(own, (choice) => {
        if ("sound" in choice) localStorage.setItem(SOUND, String(choice.sound));
        else { byId("notify").checked = choice.notify; byId("notify").dispatchEvent(new Event("change")); }
        this.draw();
      })),
      el("section", {}, el("h3", {}, "Watched by you"), el("p", { class: "small" }, "Kept in this browser. What happens to them is unread, whatever the filters are."),
        this.watches.all.length ? el("ul", { class: "rows" }, this.watches.all.map((one) => row(one.name, one, this.watches, () => this.on.show(one), "Show it"))) : null,
        el("button", { type: "button", click: () => this.watches.add({ bbox: area, name: `Area from ${corner(area[0], area[1])} to ${corner(area[2], area[3])}` }) }, "Watch the map area")),
      el("section", {}, el("h3", {}, "Saved filters"), this.saved.all.length ? el("ul", { class: "rows" }, this.saved.all.map((one) => row(one.name, one, this.saved, () => this.on.use(one.selection), "Use it"))) : null,
        el("form", { class: "save line", submit: (event) => {
          event.preventDefault();
          const name = new FormData(event.target).get("name").trim();
          event.target.reset();
          document.activeElement.blur();
          if (name) this.saved.save(name, this.on.selection());
        } }, el("input", { name: "name", required: true, maxlength: 60, "aria-label": "Name of the filter", placeholder: "Name" }), el("button", { type: "submit" }, "Save the filters in use"))),
      el("section", {}, el("h3", {}, "Silenced for everybody"), this.silences.list(),
        this.form ? this.silences.form(this.form, () => { this.form = null; document.activeElement.blur(); this.open(); })
          : el("div", { class: "line" }, el("button", { type: "button", click: () => this.open({ bbox: area }) }, "Silence the map area …"), el("button", { type: "button", click: () => this.open({}) }, "Silence everything …"))),
      this.audit && el("details", {}, el("summary", {}, "Audit"), this.audit),
    ].filter(Boolean));
  }
}

const corner = (lon, lat) => `${Math.abs(lat).toFixed(2)}°${lat < 0 ? "S" : "N"} ${Math.abs(lon).toFixed(2)}°${lon < 0 ? "W" : "E"}`;
