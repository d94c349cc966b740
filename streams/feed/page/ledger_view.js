/* The ledger: deliveries of oil to North Korea by year, as a curve against the cap and a table; and facilitators. */

import { Refusal, get } from "./api.js";
import { bdi, byId, country, day, el, number, plural, timeOf } from "./web/words.js";
import { linkTo } from "./address.js";
import { portName } from "./cases.js";
import { section, table } from "./web/event.js";
import { niceStep } from "./web/plot.js";

const DAY = 86400e3;
const WIDTH = 640, HEIGHT = 250, LEFT = 62, RIGHT = 14, TOP = 14, FOOT = 30;

export class LedgerView {
  /* `open` gets the id of an event that the reader chooses. */
  constructor(open) {
    Object.assign(this, { open, node: byId("ledger"), body: byId("ledger-body") });
    byId("ledger-toggle").addEventListener("click", () => this.show());
  }

  async show() {
    this.node.showModal();
    this.body.replaceChildren(el("p", { class: "hint" }, "Counting …"));
    try {
      const [{ content: { years } }, { content: { facilitators } }] = await Promise.all([get("ledger"), get("facilitators")]);
      this.draw(years, years.at(-1)?.year ?? null, facilitators);
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      this.body.replaceChildren(el("p", { class: "hint" }, bdi(error.message)));
    }
  }

  draw(years, chosen, facilitators) {
    const year = years.find((one) => one.year === chosen);
    this.body.replaceChildren(...[
      years.length > 1 && el("div", { class: "actions" }, years.map((one) => el("button", { type: "button", "aria-pressed": String(one === year), click: () => this.draw(years, one.year, facilitators) }, String(one.year)))),
      year ? yearOf(year) : el("p", {}, "No delivery to North Korea is among the events that are kept."),
      this.facilitators(facilitators),
    ].flat().filter(Boolean));
  }

  facilitators(found) {
    const link = (id, i) => [i ? ", " : null, el("a", { href: linkTo(id), click: (event) => { event.preventDefault(); this.node.close(); this.open(id); } }, String(i + 1))];
    return section("Facilitators", el("p", { class: "small" }, "Vessels that no list names and that met listed or North Korean vessels, or carried cargo of chains, again and again. That proves nothing: barges and pilots meet everybody."),
      found.length ? table("", ["Vessel", "Flag", "Times", "Met", "Last", "Innocent explanation", "Events"], found.map((one) => [
        el("span", {}, bdi(one.name || one.ship), one.name && el("span", { class: "small" }, ` ${one.ship}`)), one.flag ? country(one.flag) : "–", String(one.times),
        el("span", {}, one.partners.slice(0, 3).map((partner, i) => [i ? ", " : null, bdi(partner.name || partner.ship), ` (${partner.meetings})`]), one.partners.length > 3 && ` and ${one.partners.length - 3} more`),
        timeOf(one.lastSeen, one.lastSeen.slice(0, 10)), one.innocent ? bdi(one.innocent) : one.signs.length ? el("span", {}, "too few signs: ", bdi(one.signs.join("; "))) : "no sign of one",
        el("span", {}, one.events.slice(0, 5).map(link))])) : el("p", { class: "small" }, "None among the events that are kept."));
  }
}

const about = ({ low, mid, high }) => (high ? `${number(mid, 0)} (${number(low, 0)} to ${number(high, 0)})` : "–");

function yearOf(year) {
  const share = (barrels) => `${number((100 * barrels.mid) / year.cap_barrels, 1)} % of the cap of ${number(year.cap_barrels, 0)} barrels`;
  return [
    section(`Deliveries in ${year.year}`,
      el("p", {}, el("b", {}, year.seen ? `About ${number(year.barrels_seen.mid, 0)} barrels` : "No delivery"), year.seen ? ` in ${plural(year.seen, "delivery", "deliveries")} seen, from ${number(year.barrels_seen.low, 0)} to ${number(year.barrels_seen.high, 0)}: ${share(year.barrels_seen)}.` : " was seen.",
        year.possible ? ` With ${plural(year.possible, "possible delivery", "possible deliveries")} more, ${year.dark} in silence: about ${number(year.barrels_total.mid, 0)} barrels, from ${number(year.barrels_total.low, 0)} to ${number(year.barrels_total.high, 0)}; ${share(year.barrels_total)}.` : "",
        year.without_size ? ` Of ${plural(year.without_size, "delivery", "deliveries")} the size is not known.` : "", year.cap_passed_by ? ` The low estimates of what was seen alone are above the cap by ${year.cap_passed_by}.` : ""),
      year.course.length ? curve(year) : null,
      year.reported_barrels === null ? null : el("p", { class: "small" }, `Reported to the United Nations: ${number(year.reported_barrels, 0)} barrels.`),
      el("p", { class: "small" }, year.not_seen.replaceAll("`", ""))),
    section("By ship and port", table("Barrels: about, and from low to high.", ["Ship", "Port", "Calls seen", "Barrels seen", "Possible", "Barrels possible"], year.rows.map((row) => [
      el("span", {}, bdi(row.name || row.ship), row.name && el("span", { class: "small" }, ` ${row.ship}`)), bdi(portName(row.port)), String(row.seen), about(row.barrels_seen), String(row.possible), about(row.barrels_possible)]))),
  ];
}

/* Steps: each delivery counts from its day on. */
function curve({ year, cap_barrels: cap, course }) {
  const from = Date.UTC(year, 0, 1), to = Date.UTC(year + 1, 0, 1);
  const most = Math.max(cap, ...course.map((point) => point.barrels_total.high)) * 1.05, step = niceStep(most, 4), ceiling = Math.ceil(most / step) * step;
  const x = (t) => LEFT + ((t - from) / (to - from)) * (WIDTH - LEFT - RIGHT), y = (value) => HEIGHT - FOOT - (value / ceiling) * (HEIGHT - TOP - FOOT);
  const points = course.map((point) => [Math.min(to, Math.max(from, Date.parse(point.day))), point]), last = Math.min(to, points.at(-1)[0] + 7 * DAY);
  const steps = (of) => { let path = `M${x(from)} ${y(0)}`; for (const [t, point] of points) path += `H${x(t).toFixed(1)}V${y(of(point)).toFixed(1)}`; return `${path}H${x(last).toFixed(1)}`; };
  const back = (of) => points.toReversed().map(([t, point], i, all) => `V${y(of(point)).toFixed(1)}H${x(t).toFixed(1)}${i === all.length - 1 ? `V${y(0)}H${x(from)}` : ""}`).join("");
  const band = (key) => `${steps((point) => point[key].high)}${back((point) => point[key].low)}Z`;
  const root = el("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "img", class: "plot ledger-curve",
    "aria-label": `Barrels in ${year}: about ${number(course.at(-1).barrels_seen.mid, 0)} seen and ${number(course.at(-1).barrels_total.mid, 0)} with possible ones by ${course.at(-1).day}; the cap is ${number(cap, 0)}` });
  for (let value = 0; value <= ceiling * 1.0001; value += step) {
    root.append(el("line", { x1: LEFT, x2: WIDTH - RIGHT, y1: y(value), y2: y(value), class: value ? "grid" : "axis" }), el("text", { x: LEFT - 7, y: y(value) + 4, class: "end" }, number(value, 0)));
  }
  for (let month = 0; month < 12; month++) root.append(el("text", { x: (x(Date.UTC(year, month, 1)) + x(Date.UTC(year, month + 1, 1))) / 2, y: HEIGHT - 10, class: "middle" }, day(Date.UTC(year, month, 1)).split(" ")[1]));
  root.append(el("path", { d: band("barrels_total"), class: "band total" }), el("path", { d: band("barrels_seen"), class: "band seen" }),
    el("path", { d: steps((point) => point.barrels_total.mid), class: "series total" }), el("path", { d: steps((point) => point.barrels_seen.mid), class: "series seen" }),
    el("line", { x1: LEFT, x2: WIDTH - RIGHT, y1: y(cap), y2: y(cap), class: "limit" }), el("text", { x: LEFT + 4, y: y(cap) - 5, class: "limit" }, `cap: ${number(cap, 0)}`));
  return el("figure", {}, el("figcaption", {}, el("b", {}, "Barrels"), el("span", { class: "key" }, el("i", { class: "seen" }), "seen"), el("span", { class: "key" }, el("i", { class: "total" }), "with possible ones"),
    el("span", { class: "small" }, "line: about; band: from low to high")), root);
}
