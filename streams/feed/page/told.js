/* What an event met at its last revision, whatever is loaded: so the reader is told when it begins to meet something, and only
   then. */

const MOST = 10000; // events; of more, those that have not changed for longest are forgotten

export class Told {
  constructor() {
    this.met = new Map();
  }

  /* Takes the keys of what an event meets now, and returns those that it did not meet before. `before`: what the revision before
     meets, or null if the page does not have it. A key of `lasting` counts as met from then on, even if the event no longer meets
     it. */
  take(id, keys, before, lasting) {
    const kept = [...this.met.get(id) ?? []], known = new Set(before ? [...before, ...kept.filter(lasting)] : kept);
    this.met.delete(id);
    this.met.set(id, [...keys, ...[...known].filter((key) => lasting(key) && !keys.includes(key))]);
    if (this.met.size > MOST) this.met.delete(this.met.keys().next().value);
    return keys.filter((key) => !known.has(key));
  }
}
