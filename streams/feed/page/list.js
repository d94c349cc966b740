/* The list: cases, then single events. Only items whose event has changed are replaced, so that the focus and the
   scroll position stay. */

import { bdi, byId, el, inForce, timeOf, typeName, vesselsOf } from "./web/words.js";
import { badge, period, tag, whereOf, who } from "./web/event.js";
import { barrelsOf, mayHaveArrived, nextOf, routeOf, wayOf } from "./cases.js";
import { dayAndClock, left } from "./case_view.js";
import { disposition } from "./review.js";

export class List {
  /* `opened` gets the id of the event that the reader chooses. */
  constructor(opened) {
    Object.assign(this, { node: byId("list"), opened, items: new Map(), chosen: null, inside: new Map() });
    this.parts = [byId("cases"), byId("singles")];
    this.node.addEventListener("click", (clicked) => {
      const link = clicked.target.closest("a");
      if (!link || clicked.ctrlKey || clicked.metaKey || clicked.shiftKey) return;
      clicked.preventDefault();
      this.opened(link.dataset.id);
    });
  }

  /* `cases` and `singles` as `grouped` gives them. `fresh`: the ids of events that have just come; `unread`: has(id); `silenced`: the silence of an event, or null;
     `landed`: deliveries by the id of their chain; `now`: the newest time of the data when an event was detected or later. */
  show({ cases, singles }, { reviews, landed, fresh, unread, silenced, address, now }) {
    const gone = new Set(this.items.keys());
    this.inside = new Map(cases.flatMap(({ event, folded }) => folded.map(({ id }) => [id, event.id])));
    [cases, singles.map((event) => ({ event, folded: [] }))].forEach((entries, part) => {
      let before = null;
      for (const { event, folded } of entries) {
        gone.delete(event.id);
        const review = reviews.get(event.id), arrival = event.type === "chain" ? nextOf(event) : null, time = arrival && left(arrival, now(event));
        const state = [part, event.revision, review?.id, folded.length, landed.get(event.id)?.length, silenced(event)?.id, time].join(" ");
        let item = this.items.get(event.id);
        if (item?.dataset.state !== state) {
          const made = el("li", {}, this.link(event, address(event.id), review, silenced(event), event.type === "chain" ? chainLines(event, landed.get(event.id) ?? [], time) : eventLines(event, folded)));
          made.dataset.state = state;
          made.classList.toggle("fresh", fresh.has(event.id));
          if (item) {
            const focused = item.contains(document.activeElement);
            item.replaceWith(made);
            if (focused) made.firstChild.focus({ preventScroll: true });
          }
          this.items.set(event.id, (item = made));
        }
        item.classList.toggle("unread", unread.has(event.id));
        const next = before ? before.nextSibling : this.parts[part].firstChild;
        if (next !== item) this.parts[part].insertBefore(item, next);
        before = item;
      }
    });
    for (const id of gone) {
      this.items.get(id).remove();
      this.items.delete(id);
    }
    byId("cases-title").hidden = !cases.length;
    byId("singles-title").hidden = !singles.length || !cases.length;
    this.mark();
  }

  /* Makes all items anew when next shown. */
  anew() {
    for (const item of this.items.values()) item.dataset.state = "";
  }

  link(event, href, review, silence, lines) {
    const listed = vesselsOf(event).some((vessel) => vessel.watchlists.some(inForce));
    return el("a", { href, class: event.status === "retracted" ? "retracted" : null, "data-id": event.id },
      el("span", { class: "line" }, tag(event), event.status === "closed" ? null : badge("status", event.status),
        event.status === "retracted" ? null : badge("level", event.level), listed && el("span", { class: "badge listed" }, "Listed"),
        review && disposition(review), el("span", { class: "score", title: "Score" }, event.score.toFixed(2))), lines,
      silence && el("span", { class: "small silenced" }, "Silenced until ", timeOf(silence.until), ", by ", bdi(silence.by)));
  }

  choose(id) {
    this.chosen = id;
    this.mark();
  }

  /* Marks the item of the open event, or of the case that holds it. */
  mark() {
    const chosen = this.items.has(this.chosen) ? this.chosen : this.inside.get(this.chosen);
    for (const [id, item] of this.items) {
      if (id === chosen) item.firstChild.setAttribute("aria-current", "true");
      else item.firstChild.removeAttribute("aria-current");
    }
  }

  /* Scrolls an event into view without focusing it. */
  reveal(id) {
    this.items.get(this.inside.get(id) ?? id)?.scrollIntoView({ block: "nearest" });
  }

  /* The id of the event so many steps from the focused one, or else from the open one; null beyond the ends. */
  neighbour(step) {
    const links = [...this.node.querySelectorAll("a")];
    const focused = links.indexOf(document.activeElement), from = focused >= 0 ? focused : links.findIndex((link) => link.getAttribute("aria-current"));
    return links[from < 0 ? (step > 0 ? 0 : -1) : from + step]?.dataset.id ?? null;
  }

  focus(id) {
    this.items.get(this.inside.get(id) ?? id)?.firstChild.focus();
  }
}

function chainLines(event, landed, time) {
  const arrival = nextOf(event), barrels = barrelsOf(landed);
  return [
    el("span", { class: "who" }, wayOf(event)),
    el("span", { class: "route" }, routeOf(event).flatMap((name, i) => [i ? el("span", { class: "and" }, " → ") : null, bdi(name)])),
    el("span", { class: "line small" }, el("span", { class: "where" }, barrels ? el("b", {}, barrels.about) : time ? [el("b", {}, time), " at least"] : arrival ? ["earliest at ", bdi(arrival.portName.split(",")[0]), " ", el("b", {}, timeOf(arrival.earliestArrival, dayAndClock(arrival.earliestArrival)))]
      : event.chain.delivered ? "delivered, amount not known" : mayHaveArrived(event) ? "may have arrived, amount not known" : "not arrived"), timeOf(event.start, dates(event))),
  ];
}

function eventLines(event, folded) {
  const where = whereOf(event);
  const kinds = [...new Set(folded.map((each) => each.type))].map((type) => `${folded.filter((each) => each.type === type).length} × ${typeName(type).toLowerCase()}`);
  return [
    el("span", { class: "who" }, who(event)),
    el("span", { class: "line small" }, el("span", { class: "where" }, where ? bdi(where) : period(event, "open")), el("span", {}, "as of ", timeOf(event.detected, short(event.detected)))),
    where && el("span", { class: "small" }, period(event, "open")),
    kinds.length ? el("span", { class: "small" }, `with ${kinds.join(", ")}`) : null,
  ];
}

/* "20:05 · 27 Oct" */
const short = (iso) => `${iso.slice(11, 16)} · ${dayOf(iso)}`;
const dayOf = (iso) => `${new Date(iso).getUTCDate()} ${new Date(iso).toLocaleString("en-GB", { month: "short", timeZone: "UTC" })}`;

/* From the first leg to the last: "26 – 31 Oct" */
function dates({ chain }) {
  const times = chain.legs.flatMap((leg) => [leg.start, leg.end ?? leg.start]).sort(), [from, to] = [dayOf(times[0]), dayOf(times.at(-1))];
  return from === to ? from : from.slice(-3) === to.slice(-3) ? `${from.split(" ")[0]} – ${to}` : `${from} – ${to}`;
}
