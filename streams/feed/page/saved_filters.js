/* Saved filters, kept in this browser: each has a name, and may sound or notify when something new matches it. */

import { matches, pairs, parse } from "./selection.js";
import { keep, read } from "./watches.js";

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
    this.all = read(KEY).filter((one) => typeof one.name === "string" && typeof one.query === "string").slice(0, MOST)
      .map((one) => ({ ...one, selection: parse(new URLSearchParams(one.query)) }));
  }

  /* A filter with the same name is replaced. Returns a sentence if it is refused, else null. */
  save(name, selection) {
    const kept = this.all.filter((one) => one.name !== name);
    if (kept.length >= MOST) return `You have ${MOST} saved filters already, and no more fit. Remove one first.`;
    return this.set([...kept, { name, query: new URLSearchParams(pairs(selection)).toString(), sound: false, notify: false }]);
  }

  remove(filter) {
    this.set(this.all.filter(({ name }) => name !== filter.name));
  }

  choose(filter, choice) {
    this.set(this.all.map((one) => (one.name === filter.name ? { ...one, ...choice } : one)));
  }

  set(all) {
    const problem = keep(KEY, all.map(({ name, query, sound, notify }) => ({ name, query, sound, notify })));
    if (!problem) this.load();
    this.changed();
    return problem;
  }

  /* Those that an event meets. */
  matching(event) {
    return this.all.filter(({ selection }) => matches(selection, event));
  }
}
