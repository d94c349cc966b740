/* Measuring on the map: each click adds a point, and the way between is said in kilometres, nautical miles and by its
   bearing at the start, on a great circle. */

import { byId, el, kilometres, number } from "./web/words.js";

const { L } = window;
const NAUTICAL = 1.852; // kilometres

/* Degrees from true north, of the great circle from one position to another. */
export function bearing(from, to) {
  const rad = Math.PI / 180, [a, b, turn] = [from.lat * rad, to.lat * rad, (to.lng - from.lng) * rad];
  const angle = Math.atan2(Math.sin(turn) * Math.cos(b), Math.cos(a) * Math.sin(b) - Math.sin(a) * Math.cos(b) * Math.cos(turn)) / rad;
  return (angle + 360) % 360;
}

export class Measure {
  constructor(map) {
    Object.assign(this, { map, button: byId("measure"), points: [], layer: L.layerGroup().addTo(map), on: false });
    this.button.addEventListener("click", () => this.toggle());
    map.on("mousemove", (event) => this.on && this.points.length && this.draw(event.latlng));
  }

  toggle(on = !this.on) {
    this.on = on;
    this.points = [];
    this.layer.clearLayers();
    this.button.setAttribute("aria-pressed", String(on));
    this.map.getContainer().classList.toggle("measuring", on);
    byId("measured").hidden = !on;
    byId("measured").textContent = "Click where to begin; Esc ends";
  }

  add(position) {
    this.points.push(position);
    this.draw();
  }

  /* Draws the way, with the position under the pointer as its end. */
  draw(pointer = null) {
    const all = pointer ? [...this.points, pointer] : this.points;
    this.layer.clearLayers();
    L.polyline(all, { className: "measure-line", interactive: false }).addTo(this.layer);
    for (const point of this.points) L.circleMarker(point, { radius: 4, className: "measure-point", interactive: false }).addTo(this.layer);
    if (all.length < 2) return;
    const legs = all.slice(1).map((to, i) => this.map.distance(all[i], to) / 1000), total = legs.reduce((sum, each) => sum + each, 0);
    const said = (km) => `${kilometres(km)} · ${number(km / NAUTICAL, km < 100 ? 1 : 0)} nm`;
    byId("measured").replaceChildren(el("b", {}, said(total)), ` · ${legs.length > 1 ? `last ${said(legs.at(-1))}, ` : ""}bearing ${number(bearing(all.at(-2), all.at(-1)), 0)}°`);
  }
}
