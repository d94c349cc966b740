/* The filters above the list: a form, and a chip for each filter that is set, to remove it. */

import { addressOf } from "./api.js";
import { byId, clean, country, el, human, typeName } from "./web/words.js";
import { NONE, SEVERAL, pairs, queryOf } from "./selection.js";

const BOXES = { level: ["probable", "possible"], status: ["open", "closed", "retracted"] };
const EXPORTS = { GeoJSON: ["geojson", ["flat", "true"]], CSV: ["csv"], GeoParquet: ["parquet"], KML: ["kml"] };
const LABELS = { fence: "Fence", country: "Country", flag: "Flag", watchlist: "Watchlist", mmsi: "MMSI", imo: "IMO" };

export class Filters {
  /* `types`: all types of events. `changed` gets the selection and the search text. `area` returns the box of the map. */
  constructor(types, changed, area) {
    this.boxes = { type: types, ...BOXES };
    Object.assign(this, { form: byId("filters"), chips: byId("chips"), changed, area, fences: new Map() });
    for (const [name, values] of Object.entries(this.boxes)) {
      byId(`filter-${name}`).append(...values.map((value) => el("label", { class: "choice" }, el("input", { type: "checkbox", name, value }),
        name === "type" ? typeName(value) : human(value))));
    }
    this.form.addEventListener("change", (event) => event.target.name && this.read(event.target));
    this.form.addEventListener("focusout", ({ target }) => this.settle(target.name));
    this.form.addEventListener("submit", (event) => event.preventDefault());
    this.form.elements.min_score.addEventListener("input", () => this.showScore());
    byId("use-area").addEventListener("click", () => this.set({ ...this.selection, bbox: this.area() }));
    byId("clear-filters").addEventListener("click", () => this.set(NONE, ""));
    byId("filter-toggle").addEventListener("click", () => this.toggle());
  }

  toggle(open = this.form.hidden) {
    this.form.hidden = !open;
    byId("filter-toggle").setAttribute("aria-expanded", String(open));
  }

  /* Sets the fences and countries to choose from. */
  offerFences(fences) {
    this.fences = new Map(fences.map((fence) => [fence.id, fence.name]));
    options(this.form.elements.fence, fences.toSorted((a, b) => a.name.localeCompare(b.name)).map((fence) => [fence.id, fence.name]));
    const codes = [...new Set(fences.map((fence) => fence.country).filter(Boolean))].sort();
    options(this.form.elements.country, codes.map((code) => [code, country(code)]));
    this.showChips();
  }

  /* Adds flags or watchlists to the suggestions, as they come up in events. */
  offer(name, values) {
    const list = byId(`known-${name}`), known = new Set([...list.options].map((option) => option.value));
    for (const value of values) if (!known.has(value)) list.append(el("option", { value }));
  }

  /* Shows a selection without calling `changed`. */
  show(selection, text) {
    Object.assign(this, { selection, text });
    for (const name of Object.keys(this.boxes)) {
      for (const box of this.form.querySelectorAll(`input[name=${name}]`)) box.checked = selection[name].includes(box.value);
    }
    this.form.elements.min_score.value = selection.minScore;
    this.form.elements.from.value = selection.from ?? "";
    this.form.elements.to.value = selection.to ?? "";
    this.form.elements.quiet.checked = selection.quiet;
    this.showScore();
    this.showChips();
  }

  set(selection, text = this.text) {
    this.show(selection, text);
    this.changed(selection, text);
  }

  read(field) {
    const { name } = field, selection = { ...this.selection };
    if (name in this.boxes) selection[name] = [...this.form.querySelectorAll(`input[name=${name}]:checked`)].map((box) => box.value);
    else if (name === "min_score") selection.minScore = Number(field.value);
    else if (name === "from" || name === "to") selection[name] = field.value || null;
    else if (name === "quiet") selection.quiet = field.checked;
    else if (field.value.trim()) {
      const value = field.value.trim();
      field.value = "";
      if (value.includes(",") || (name === "flag" && !/^[a-z]{2}$/i.test(value))) return;
      selection[name] = [...new Set([...selection[name], name === "flag" ? value.toUpperCase() : value])];
    } else return;
    this.set(selection);
  }

  /* No period ends before it starts. Seen to when a field is left: while a year is typed, it is another one. */
  settle(name) {
    if (name !== "from" && name !== "to") return;
    const { from, to, [name]: day } = this.selection;
    if (from && to && from > to) this.set({ ...this.selection, from: day, to: day });
  }

  showScore() {
    const score = Number(this.form.elements.min_score.value);
    byId("score-value").textContent = score ? score.toFixed(2) : "any";
  }

  showChips() {
    if (!this.selection) return;
    const chip = (label, without, text = this.text) => el("li", {}, el("button", { type: "button", class: "chip", "aria-label": `Remove the filter ${clean(label)}`,
      click: () => this.set(without, text) }, el("bdi", {}, label), el("span", { "aria-hidden": "true" }, " ✕")));
    const several = SEVERAL.flatMap((name) => this.selection[name].map((value) => {
      const made = chip(this.named(name, value), without(this.selection, name, value));
      if (NEGATABLE.test(name)) made.append(el("button", { type: "button", class: "chip turn", "aria-label": `Invert the filter ${clean(this.named(name, value))}`, title: name.startsWith("not_") ? "Show only these" : "Show all but these",
        click: () => this.set(turned(this.selection, name, value)) }, "≠"));
      return made;
    }));
    if (this.selection.bbox) several.push(chip("In the area marked on the map", { ...this.selection, bbox: null }));
    if (this.selection.minScore) several.push(chip(`Score at least ${this.selection.minScore.toFixed(2)}`, { ...this.selection, minScore: 0 }));
    if (this.text) several.push(chip(`With “${this.text}”`, this.selection, ""));
    if (this.selection.from) several.push(chip(`From ${this.selection.from}`, { ...this.selection, from: null }));
    if (this.selection.to) several.push(chip(`Until ${this.selection.to}`, { ...this.selection, to: null }));
    if (this.selection.quiet) several.push(chip("Port visits, too", { ...this.selection, quiet: false }));
    this.chips.replaceChildren(...several);
    this.chips.hidden = !several.length;
    const count = pairs(this.selection).length;
    byId("filter-toggle").textContent = count ? `Filters (${count})` : "Filters";
    this.showExports();
  }

  /* Links to files of all events that match, as of the moment that is shown when one is followed. The server knows
     filters by day only roughly, so files leave them out. */
  showExports() {
    const days = this.selection.from || this.selection.to ? "Download all that match, also of other days " : "Download all that match ";
    byId("exports").replaceChildren(el("span", { class: "small" }, days), ...Object.entries(EXPORTS).map(([label, [end, ...more]]) => {
      const href = () => addressOf(`events.${end}`, [...queryOf({ ...this.selection, from: null, to: null }, this.boxes.type), ...more]);
      return el("a", { href: href(), download: `tankerwatch-events.${end}`, click: (event) => { event.currentTarget.href = href(); } }, label);
    }));
  }

  named(name, value) {
    if (name.startsWith("not_")) return `Not: ${this.named(name.slice(4), value)}`;
    if (name === "type") return typeName(value);
    if (name === "level" || name === "status") return human(value);
    if (name === "fence") return this.fences.get(value) ?? value;
    return `${LABELS[name]} ${value}`;
  }
}

const NEGATABLE = /^(not_)?(type|fence|country|mmsi|imo|flag|watchlist)$/;
const without = (selection, name, value) => ({ ...selection, [name]: selection[name].filter((other) => other !== value) });

/* The selection with a value wanted that was not, or the other way round. */
function turned(selection, name, value) {
  const other = name.startsWith("not_") ? name.slice(4) : `not_${name}`;
  return { ...without(selection, name, value), [other]: [...new Set([...selection[other], value])] };
}

function options(select, pairsOf) {
  select.replaceChildren(select.options[0], ...pairsOf.map(([value, name]) => el("option", { value }, name)));
}
