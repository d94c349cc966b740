/* Markers that lie on one another: a click fans them out in rings, each with a line to where it belongs; another click opens one.
   More than fit on the first two rings are zoomed in on, as far as that parts them. Zooming or a click beside them folds them. */

const { L } = window;
const NEAR = 12; // pixels between markers that cover each other
const APART = 34; // pixels between neighbours on a ring, and between rings
const MOST = 18; // markers that fill the first two rings, of 6 and of 12

export class Fan {
  constructor(map) {
    Object.assign(this, { map, out: [] });
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
    if (stack.length > MOST && this.zoomIn(stack)) return true;
    const middle = this.map.latLngToContainerPoint(marker.getLatLng());
    stack.forEach((one, i) => {
      const home = one.getLatLng(), place = this.map.containerPointToLatLng(middle.add(seat(i, stack.length)));
      this.out.push({ marker: one, home, line: L.polyline([home, place], { className: "fan-line", interactive: false }).addTo(this.map) });
      one.setLatLng(place);
    });
    return true;
  }

  /* Shows these markers as large as the map allows. Returns false if they would lie on one another even then. */
  zoomIn(stack) {
    const bounds = L.latLngBounds(stack.map((one) => one.getLatLng())), most = this.map.getMaxZoom();
    if (this.map.getZoom() >= most || this.map.project(bounds.getNorthEast(), most).distanceTo(this.map.project(bounds.getSouthWest(), most)) <= NEAR) return false;
    this.map.fitBounds(bounds, { padding: [60, 60] });
    return true;
  }

  /* Moves a marker to where it belongs now; one that is fanned out stays where it is until the fan is folded. */
  place(marker, home) {
    const one = this.out.find((other) => other.marker === marker);
    if (!one) return marker.setLatLng(home);
    one.home = L.latLng(home);
    one.line.setLatLngs([home, marker.getLatLng()]);
  }

  /* Forgets a marker that leaves the map. */
  drop(marker) {
    this.out = this.out.filter((one) => {
      if (one.marker === marker) one.line.remove();
      return one.marker !== marker;
    });
  }

  fold() {
    for (const { marker, home, line } of this.out) {
      marker.setLatLng(home);
      line.remove();
    }
    this.out = [];
  }
}

/* Where the i-th of so many markers goes, in pixels from the middle: on rings of 6, 12, 18 and so on. */
function seat(i, count) {
  let ring = 1, first = 0;
  for (; i >= first + 6 * ring; ring++) first += 6 * ring;
  const share = Math.min(6 * ring, count - first), turn = ((i - first) / share) * 2 * Math.PI - Math.PI / 2;
  return [ring * APART * Math.cos(turn), ring * APART * Math.sin(turn)];
}
