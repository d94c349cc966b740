/* The list of events, newest first. Only items whose event has changed are replaced, so that the focus and the
   scroll position stay. */

import { bdi, byId, el, inForce, number, timeOf, vesselsOf } from "./web/words.js";
import { badge, period, tag, who } from "./web/event.js";
import { disposition } from "./review.js";

export class List {
  /* `opened` gets the id of the event that the reader chooses. */
  constructor(opened) {
    Object.assign(this, { node: byId("list"), opened, items: new Map(), chosen: null });
    this.node.addEventListener("click", (clicked) => {
      const link = clicked.target.closest("a");
      if (!link || clicked.ctrlKey || clicked.metaKey || clicked.shiftKey) return;
      clicked.preventDefault();
      this.opened(link.dataset.id);
    });
  }

  /* `fresh`: the ids of events that have just come. */
  show(events, reviews, fresh, address) {
    const left = new Set(this.items.keys());
    let before = null;
    for (const event of events) {
      left.delete(event.id);
      const review = reviews.get(event.id), state = `${event.revision} ${review?.id ?? ""}`;
      let item = this.items.get(event.id);
      if (item?.dataset.state !== state) {
        const made = this.item(event, review, address(event.id));
        made.dataset.state = state;
        made.classList.toggle("fresh", fresh.has(event.id));
        if (item) {
          const focused = item.contains(document.activeElement);
          item.replaceWith(made);
          if (focused) made.firstChild.focus({ preventScroll: true });
        }
        this.items.set(event.id, (item = made));
      }
      const next = before ? before.nextSibling : this.node.firstChild;
      if (next !== item) this.node.insertBefore(item, next);
      before = item;
    }
    for (const id of left) {
      this.items.get(id).remove();
      this.items.delete(id);
    }
    this.mark();
  }

  item(event, review, href) {
    const listed = vesselsOf(event).some((vessel) => vessel.watchlists.some(inForce)), where = event.geofences[0]?.name;
    return el("li", {}, el("a", { href, class: event.status === "retracted" ? "retracted" : null, "data-id": event.id },
      el("span", { class: "line" }, tag(event), event.status === "closed" ? null : badge("status", event.status),
        event.status === "retracted" ? null : badge("level", event.level), listed && el("span", { class: "badge listed" }, "Listed"),
        review && disposition(review), el("span", { class: "score", title: "Score" }, event.score.toFixed(2))),
      el("span", { class: "who" }, who(event)),
      el("span", { class: "line small" }, el("span", { class: "where" }, where ? bdi(where) : period(event, "open")), timeOf(event.detected, short(event.detected))),
      where && el("span", { class: "small" }, period(event, "open"))));
  }

  choose(id) {
    this.chosen = id;
    this.mark();
  }

  mark() {
    for (const [id, item] of this.items) {
      if (id === this.chosen) item.firstChild.setAttribute("aria-current", "true");
      else item.firstChild.removeAttribute("aria-current");
    }
  }

  /* Scrolls an event into view without focusing it. */
  reveal(id) {
    this.items.get(id)?.scrollIntoView({ block: "nearest" });
  }

  /* The id of the event so many steps from the focused one, or else from the open one; null beyond the ends. */
  neighbour(step) {
    const links = [...this.node.querySelectorAll("a")];
    const focused = links.indexOf(document.activeElement), from = focused >= 0 ? focused : links.findIndex((link) => link.dataset.id === this.chosen);
    return links[from < 0 ? (step > 0 ? 0 : -1) : from + step]?.dataset.id ?? null;
  }

  focus(id) {
    this.items.get(id)?.firstChild.focus();
  }
}

/* "20:05 · 27 Oct" */
const short = (iso) => {
  const time = new Date(iso);
  return `${iso.slice(11, 16)} · ${time.getUTCDate()} ${time.toLocaleString("en-GB", { month: "short", timeZone: "UTC" })}`;
};

export const countOf = (shown, known, more) => (shown === known ? number(known) : `${number(shown)} of ${number(known)}`) + (more ? "+" : "");
