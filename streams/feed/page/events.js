/* The loaded events: the highest revisions that match the filters, newest first, up to a limit. */

import { Refusal, get } from "./api.js";
import { matches, queryOf } from "./selection.js";

const PAGE = 100;
export const MOST = 1000;

const newestFirst = (a, b) => (a.detected < b.detected ? 1 : a.detected > b.detected ? -1 : a.id < b.id ? 1 : -1);

export class Events {
  /* `changed` is called after every change. */
  constructor(selection, changed) {
    Object.assign(this, { selection, changed, reviews: new Map(), byId: new Map(), latest: new Map(), landed: new Map(), types: [], hints: [] });
    Object.assign(this, { dismissed: new Set(), asked: new Set() }); // ids, whatever is loaded: a leg may come when its chain is not
    Object.assign(this, { cursor: null, more: false, trimmed: false, limit: MOST, loading: null });
  }

  get all() {
    return [...this.byId.values()].sort(newestFirst);
  }

  /* Loads the first page anew. Returns the position in the log from which the stream continues, or null if another
     `load` has been called in the meantime. */
  async load(selection = this.selection) {
    const loading = (this.loading = {});
    this.latest = new Map(); // what the stream brings in the meantime is newer than the answer
    const { content, headers } = await get("events", [...queryOf(selection, this.types), ["limit", PAGE]]);
    if (loading !== this.loading) return null;
    Object.assign(this, { selection, byId: new Map(), reviews: new Map(), landed: new Map(), limit: MOST });
    for (const event of this.latest.values()) if (matches(selection, event)) this.put(event);
    this.hints = content.hints; // what the filters name that does not exist
    this.take(content);
    return headers.get("X-Log-Position") ?? "0";
  }

  /* Takes what became known since a moment of a recording, up to the moment that requests ask for. Returns the revisions,
     oldest first. */
  async advance(since) {
    const loading = this.loading;
    const { content } = await get("events", { start: new Date(since + 1).toISOString(), limit: MOST });
    if (loading !== this.loading) return [];
    for (const [id, review] of Object.entries(content.reviews)) this.putReview(id, review);
    this.putLanded(content.landed);
    return content.events.toReversed();
  }

  /* Loads the next page of older events. */
  async loadMore() {
    const loading = this.loading, start = this.byId.size;
    let cursor = this.cursor;
    let from = this.trimmed ? [["end", this.all.at(-1).detected]] : [["cursor", cursor]];
    this.limit = Math.max(this.limit, this.byId.size + PAGE);
    do { // after `trim`, the first answers may hold only events that are loaded already
      const { content } = await get("events", [...queryOf(this.selection, this.types), ["limit", PAGE], ...from]);
      if (loading !== this.loading) return;
      this.take(content);
      cursor = content.next;
      from = [["cursor", cursor]];
    } while (cursor && this.byId.size === start);
  }

  take({ events, next, reviews, landed }) {
    this.putLanded(landed);
    for (const listed of events) {
      const event = this.latest.get(listed.id) ?? listed;
      if (matches(this.selection, event)) this.put(event);
    }
    for (const [id, review] of Object.entries(reviews)) this.putReview(id, review);
    this.cursor = next;
    this.more = Boolean(next);
    this.trimmed = false;
    this.changed();
  }

  /* The revision of an event that is loaded or has come last, or null. */
  known(id) {
    return this.byId.get(id) ?? this.latest.get(id) ?? null;
  }

  /* Takes a revision from the stream. Returns whether the event is new here. */
  revise(event) {
    const known = this.known(event.id);
    if (known && known.revision >= event.revision) return false;
    this.latest.set(event.id, event);
    if (this.latest.size > 4 * MOST) this.latest.delete(this.latest.keys().next().value);
    const fresh = !this.byId.has(event.id);
    if (matches(this.selection, event)) this.put(event);
    else this.byId.delete(event.id);
    this.trim();
    this.changed();
    return fresh && this.byId.has(event.id);
  }

  review(review) {
    this.putReview(review.event, review);
    this.changed();
  }

  /* Whether people have dismissed this event. Asks the feed once; later reviews come by the stream. */
  async isDismissed(id) {
    if (!this.asked.has(id) && !this.reviews.has(id)) {
      try {
        const { content } = await get(`events/${encodeURIComponent(id)}`);
        for (const review of content.reviews) this.putReview(id, review);
        this.asked.add(id);
      } catch (error) {
        if (!(error instanceof Refusal)) throw error; // then the reader is told: that is the lesser harm
      }
    }
    return this.dismissed.has(id);
  }

  /* Takes deliveries by the id of their chain. */
  putLanded(landed) {
    for (const [id, found] of Object.entries(landed)) this.landed.set(id, found);
  }

  putReview(id, review) {
    const known = this.reviews.get(id);
    if (known && known.time > review.time) return;
    this.reviews.set(id, review);
    if (review.disposition === "dismissed") this.dismissed.add(id);
    else this.dismissed.delete(id);
  }

  put(event) {
    const known = this.byId.get(event.id);
    if (!known || known.revision < event.revision) this.byId.set(event.id, event);
  }

  trim() {
    if (this.byId.size <= this.limit) return;
    for (const event of this.all.slice(this.limit)) {
      this.byId.delete(event.id);
      this.reviews.delete(event.id);
    }
    this.trimmed = this.more = true;
  }
}
