/* The search box: vessels, places and cases as the reader types, whether they have events or not. Nothing that is typed
   changes the list by itself; its last line does: it shows only loaded events with these words. */

import { Refusal, get } from "./api.js";
import { bdi, byId, country, el, human, typeName } from "./web/words.js";
import { badge } from "./web/event.js";

const PAUSE = 180; // milliseconds without a key before the server is asked

export class Search {
  /* on: vessel(mmsi), place({name, bbox}), event(id), words(text) to show only events with these words. */
  constructor(on) {
    Object.assign(this, { on, box: byId("search"), node: byId("found"), options: [], chosen: -1 });
    this.box.addEventListener("input", () => this.typed());
    this.box.addEventListener("focus", () => this.box.value.trim() && this.options.length && this.open(true));
    this.box.addEventListener("keydown", (event) => this.key(event));
    this.box.form.addEventListener("submit", (event) => { event.preventDefault(); this.enter(); });
    this.box.form.addEventListener("focusout", (event) => { if (!this.box.form.contains(event.relatedTarget)) this.open(false); });
  }

  typed() {
    clearTimeout(this.timer);
    this.asking?.abort();
    const text = this.box.value.trim();
    if (!text) {
      this.show([]);
      this.on.words("");
      return;
    }
    this.timer = setTimeout(() => this.ask(text), PAUSE);
  }

  async ask(text) {
    const asking = (this.asking = new AbortController());
    try {
      const { content } = await get("search", { q: text.slice(0, 100), limit: 6 }, asking.signal);
      if (asking === this.asking) this.show(this.optionsOf(text, content));
    } catch (error) {
      if (error.name === "AbortError") return;
      if (!(error instanceof Refusal)) throw error;
      this.show(this.optionsOf(text, { vessels: [], places: [], cases: [] }, error.message));
    }
  }

  /* [{title, node, act, filters}]: what was found, then the words for the list. */
  optionsOf(text, { vessels, places, cases }, problem = null) {
    const option = (title, act, ...content) => ({ title, act, node: el("li", { role: "option" }, content) });
    const found = [
      ...vessels.map((vessel) => option("Vessels", () => this.on.vessel(vessel.mmsi), el("b", {}, bdi(vessel.name ?? "Name not known")), vessel.listed && el("span", { class: "badge listed" }, "Listed"),
        el("span", { class: "small" }, [vessel.former && ["was ", bdi(vessel.former), ", "], `MMSI ${String(vessel.mmsi).padStart(9, "0")}`, vessel.imo && `, IMO ${vessel.imo}`,
          vessel.callsign && [", ", bdi(vessel.callsign)], vessel.flag && `, ${vessel.flag}`, vessel.tanker && ", tanker"]))),
      ...cases.map((one) => option("Cases", () => this.on.event(one.id), el("b", {}, one.vessels.slice(0, 3).flatMap((name, i) => [i ? " – " : null, bdi(name)])), badge("level", one.level),
        el("span", { class: "small" }, `${typeName(one.type)}, ${one.start.slice(0, 10)}, score ${one.score.toFixed(2)}`))),
      ...places.map((place) => option("Places", () => this.on.place(place), el("b", {}, bdi(place.name)),
        el("span", { class: "small" }, `${human(place.kind)}${place.country ? `, ${country(place.country)}` : ""}`))),
    ];
    if (!found.length) found.push({ title: problem ?? "No vessel, case or place is known by this.", node: null });
    found.push({ ...option("The list", () => this.on.words(text), el("span", {}, "Only events with “", bdi(text), "”")), filters: true });
    return found;
  }

  show(options) {
    this.options = options.filter((option) => option.node);
    const titles = new Set();
    this.node.replaceChildren(...options.flatMap(({ title, node }) => {
      const head = titles.has(title) ? [] : [el("li", { class: "head", role: "presentation" }, bdi(title))];
      titles.add(title);
      return node ? [...head, node] : head;
    }));
    this.options.forEach((option, i) => {
      const { node } = option;
      node.id = `found-${i}`;
      node.addEventListener("mousedown", (event) => event.preventDefault()); // the box keeps the focus
      node.addEventListener("click", () => this.take(option));
    });
    this.mark(-1);
    this.open(options.length > 0);
  }

  open(yes) {
    this.node.hidden = !yes;
    this.box.setAttribute("aria-expanded", String(yes));
  }

  mark(index) {
    this.chosen = index;
    this.options.forEach(({ node }, i) => node.setAttribute("aria-selected", String(i === index)));
    if (index < 0) this.box.removeAttribute("aria-activedescendant");
    else this.box.setAttribute("aria-activedescendant", `found-${index}`);
    this.options[index]?.node.scrollIntoView({ block: "nearest" });
  }

  key(event) {
    const by = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (by && this.options.length && !this.node.hidden) {
      event.preventDefault();
      this.mark((this.chosen + by + this.options.length) % this.options.length);
    } else if (event.key === "Escape" && !this.node.hidden) {
      event.stopPropagation();
      this.open(false);
    }
  }

  /* Takes what is marked, else the first vessel, case or place; asks first if the answer is not there yet. */
  async enter() {
    const text = this.box.value.trim();
    if (!text) return;
    clearTimeout(this.timer);
    if (this.chosen < 0) await this.ask(text);
    const option = this.options[Math.max(0, this.chosen)];
    if (option) this.take(option);
  }

  /* What was found is opened, and the box is empty again: only words that filter the list stay in it. */
  take({ act, filters }) {
    this.open(false);
    if (!filters) this.box.value = "";
    act();
  }
}
