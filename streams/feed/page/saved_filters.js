/* Saved filters, kept in this browser: each has a name, and may sound or notify when something new matches it. */

import { matches, pairs, parse, same } from "./selection.js";
import { read } from "./watches.js";

const KEY = "tankerwatch-filters";
const MOST = 50;

export class SavedFilters {
  /* `changed` is called after every change. */
  constructor(changed) {
    Object.assign(this, { changed, all: [] });
    this.load();
    addEventListener("storage", (event) => { if (event.key === KEY) { this.load(); this.changed(); } }); // another tab
  }

  load() {
    this.all = read(KEY).filter((one) => typeof one.name === "string" && typeof one.query === "string")
      .map((one) => ({ ...one, selection: parse(new URLSearchParams(one.query)) }));
  }

  /* A filter with the same name is replaced. */
  save(name, selection) {
    const kept = this.all.filter((one) => one.name !== name).slice(0, MOST - 1);
    this.set([...kept, { name, query: new URLSearchParams(pairs(selection)).toString(), sound: false, notify: false }]);
  }

  remove(filter) {
    this.set(this.all.filter((one) => one !== filter));
  }

  choose(filter, choice) {
    this.set(this.all.map((one) => (one === filter ? { ...one, ...choice } : one)));
  }

  set(all) {
    localStorage.setItem(KEY, JSON.stringify(all.map(({ name, query, sound, notify }) => ({ name, query, sound, notify }))));
    this.load();
    this.changed();
  }

  /* Those that an event meets. */
  matching(event) {
    return this.all.filter(({ selection }) => matches(selection, event));
  }

  /* The one that is in use, if any. */
  using(selection) {
    return this.all.find((one) => same(one.selection, selection));
  }
}
