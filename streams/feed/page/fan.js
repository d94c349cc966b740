/* Markers that lie on each other: a click fans them out in a circle, each with a line to where it belongs; another click
   opens one. Moving the map or a click beside them folds them again. */

const { L } = window;
const NEAR = 12; // pixels between markers that cover each other
const APART = 34; // pixels between neighbours on the circle

export class Fan {
  constructor(map) {
    Object.assign(this, { map, out: [], lines: [] });
    map.on("zoomstart click", () => this.fold());
  }

  has(marker) {
    return this.out.some((one) => one.marker === marker);
  }

  /* The markers at the place of this one, it among them. */
  stack(marker, all) {
    const here = this.map.latLngToContainerPoint(marker.getLatLng());
    return all.filter((other) => this.map.latLngToContainerPoint(other.getLatLng()).distanceTo(here) <= NEAR);
  }

  /* Whether a click on it fanned something out, instead of meaning the marker itself. */
  spread(marker, all) {
    if (this.has(marker)) return false;
    this.fold();
    const stack = this.stack(marker, all);
    if (stack.length < 2) return false;
    const middle = this.map.latLngToContainerPoint(marker.getLatLng()), radius = Math.max(30, (stack.length * APART) / (2 * Math.PI));
    stack.forEach((one, i) => {
      const turn = (i / stack.length) * 2 * Math.PI - Math.PI / 2, home = one.getLatLng();
      const place = this.map.containerPointToLatLng(middle.add([radius * Math.cos(turn), radius * Math.sin(turn)]));
      this.lines.push(L.polyline([home, place], { className: "fan-line", interactive: false }).addTo(this.map));
      this.out.push({ marker: one, home });
      one.setLatLng(place);
    });
    return true;
  }

  fold() {
    for (const { marker, home } of this.out) if (marker._map) marker.setLatLng(home);
    for (const line of this.lines) line.remove();
    Object.assign(this, { out: [], lines: [] });
  }
}
