/* Silences: no alerts about a vessel, a place or anything until a date. Every reader has the same; ending and making one
   needs a reviewer's token, and leaves a line in the audit. */

import { Refusal, get, post } from "./api.js";
import { REVIEWER } from "./review.js";
import { inside } from "./selection.js";
import { bdi, el, timeOf, vesselsOf } from "./web/words.js";

const DAY = 86400e3;

export class Silences {
  /* `changed` is called after every change; `signIn` if a token is needed. */
  constructor(changed, signIn) {
    Object.assign(this, { changed, signIn, all: [] });
  }

  take(silences) {
    this.all = silences;
    this.changed();
  }

  /* The silence that an event falls under now, or null. */
  of(event, now = Date.now()) {
    return this.all.find((one) => Date.parse(one.start) <= now && now < Date.parse(one.until)
      && (one.mmsi === null || vesselsOf(event).some((vessel) => Number(vessel.ssvid) === one.mmsi))
      && (one.bbox === null || inside(one.bbox.split(",").map(Number), event.position))) ?? null;
  }

  list() {
    if (!this.all.length) return el("p", { class: "small" }, "Nothing is silenced.");
    return el("ul", { class: "rows" }, this.all.map((one) => el("li", {}, el("div", {}, el("b", {}, scope(one)), one.note && [" · ", bdi(one.note)],
      el("div", { class: "small" }, "by ", bdi(one.by), Date.parse(one.start) > Date.now() && [", from ", timeOf(one.start)], ", until ", timeOf(one.until))),
      el("button", { type: "button", click: (event) => this.end(one, event.target) }, "End it now"))));
  }

  async end(one, button) {
    const field = button.closest("dialog").querySelector("[name=by]"), by = field.value.trim();
    if (!by) {
      this.problem(button, "Give your name first.");
      return field.focus();
    }
    button.disabled = true;
    try {
      await post(`silences/${encodeURIComponent(one.id)}/end`, { by });
      localStorage.setItem(REVIEWER, by);
      this.take(this.all.filter((other) => other.id !== one.id));
    } catch (error) {
      button.disabled = false;
      this.refused(error, button);
    }
  }

  /* Who ends a silence: a field beside the list, unless the form for a new silence has one. */
  who() {
    return el("label", { class: "line small" }, "Your name, to end a silence", nameField());
  }

  /* A form for a new silence. `scope`: {mmsi, name}, {bbox} or nothing, which is everything. `done` is called after it. */
  form(about, done) {
    const later = new Date(Date.now() + 7 * DAY).toISOString().slice(0, 10), today = new Date().toISOString().slice(0, 10);
    const submit = async (event) => {
      event.preventDefault();
      const { by, start, until, note } = Object.fromEntries(new FormData(form)), button = form.querySelector("button");
      button.disabled = true;
      try {
        const silence = await post("silences", { by: by.trim(), note: note.trim(), until: `${until}T23:59:59Z`, ...start && { start: `${start}T00:00:00Z` },
          ...about.mmsi && { mmsi: about.mmsi }, ...about.bbox && { bbox: about.bbox.join(",") } });
        localStorage.setItem(REVIEWER, by.trim());
        if (!this.all.some((one) => one.id === silence.id)) this.take([...this.all, silence].sort((a, b) => (a.until < b.until ? -1 : 1)));
        done();
      } catch (error) {
        button.disabled = false;
        this.refused(error, button);
      }
    };
    const form = el("form", { class: "silence", submit, "aria-label": "Silence" },
      el("p", {}, "No alerts about ", el("b", {}, about.name ? bdi(about.name) : scope({ mmsi: about.mmsi ?? null, bbox: about.bbox?.join(",") ?? null })), ". What comes meanwhile is shown and not sent. After the silence, an event is sent with its next revision."),
      el("label", {}, "From, if not now (UTC)", el("input", { type: "date", name: "start", min: today })),
      el("label", {}, "Until the end of (UTC)", el("input", { type: "date", name: "until", required: true, min: today, value: later })),
      el("label", {}, "Your name", nameField()),
      el("label", {}, "Why", el("input", { name: "note", maxlength: 1000 })),
      el("div", { class: "line" }, el("button", { type: "submit", class: "primary" }, "Silence")));
    return form;
  }

  refused(error, button) {
    if (!(error instanceof Refusal)) throw error;
    if ([401, 403].includes(error.status)) this.signIn();
    this.problem(button, error.message);
  }

  problem(button, text) {
    const holder = button.closest("form, li");
    holder.querySelector(".problem")?.remove();
    holder.append(el("p", { class: "problem", role: "alert" }, bdi(text)));
  }
}

const nameField = () => el("input", { name: "by", required: true, maxlength: 100, autocomplete: "name", value: localStorage.getItem(REVIEWER) ?? "" });

/* What a line of the audit says somebody did. */
const ACTS = {
  silence: () => "silenced: ",
  end_silence: (about) => ["ended the silence ", bdi(about), ": "],
  dismiss: (about) => ["dismissed ", bdi(about), ": "],
  withheld: (about) => [bdi(about), " "],
};

/* The latest lines of the audit. */
export async function audit() {
  const { lines } = (await get("audit")).content;
  if (!lines.length) return el("p", { class: "small" }, "No alert was silenced or dismissed yet.");
  return el("ol", { class: "rows small" }, lines.slice(0, 100).map((line) => el("li", {}, el("div", {}, timeOf(line.time), " ", bdi(line.by), " ", ACTS[line.act]?.(line.about) ?? "", bdi(line.text)))));
}

const scope = ({ mmsi, bbox }) => [mmsi === null ? null : `MMSI ${String(mmsi).padStart(9, "0")}`, bbox === null ? null : `the area ${bbox}`].filter(Boolean).join(" in ") || "everything";
