/* News: what has come since the reader last looked, and telling of it. */

const LOOKED = 4000; // milliseconds after which what is in sight is no longer new

export class News {
  /* `redraw` is called when the page comes into sight again. */
  constructor({ events, unread, desk }, redraw) {
    Object.assign(this, { events, unread, desk, fresh: new Set() });
    document.addEventListener("visibilitychange", () => {
      if (document.hidden) return;
      setTimeout(() => this.fresh.clear(), LOOKED);
      redraw();
    });
  }

  came(event) {
    this.fresh.add(event.id);
    setTimeout(() => { if (!document.hidden) this.fresh.delete(event.id); }, LOOKED);
  }

  /* Tells the reader of an event that has come, or has begun to match, unless people have silenced or dismissed it. `before`: its
     revision before, if that is known. */
  async tell(event, before) {
    const verdict = this.desk.verdict(event, before);
    if (!verdict) return;
    for (const id of [event.revision > 1 && event.id, event.case]) if (id && await this.events.isDismissed(id)) return;
    this.unread.take(event, verdict);
    if (verdict.sound) this.desk.sound();
  }
}
