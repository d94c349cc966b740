/* All vessels on one canvas. Tankers and listed vessels are larger and on top. Where very many of a kind are in sight, they
   become dots; listed vessels never do. Dots are written into pixels, so a hundred thousand cost little more than none. A hull points along the heading, or else along the course; a vessel without either is a disc. */

import { clean } from "./web/words.js";
import { colour } from "./web/colours.js";
import { CanvasLayer } from "./canvas_layer.js";
import { project } from "./fleet.js";
import { label } from "./paths.js";

const { L } = window;

const STALE = 3600 * 1000; // milliseconds without a tick after which a vessel is shown faint
const CROWD = 3000; // from this many vessels of a rank in sight, they are dots
const DOTS = [2.5, 4]; // their sizes in pixels, by rank
const THRONG = 250; // from this many tankers and listed vessels in sight, they are smaller
const TURNS = 48; // headings for which hulls are drawn in advance
const NAMES = 120; // the most names written
const TONES = ["vessel", "tanker", "listed"];
const SIZES = [7, 10, 12]; // half the length in pixels, by rank
const SMALLER = 0.6;
const NAMED_FROM = [11, 8.5, 5]; // zoom from which vessels of each rank have names

export const VesselLayer = CanvasLayer.extend({
  initialize(fleet, options) {
    CanvasLayer.prototype.initialize.call(this, options);
    Object.assign(this, { fleet, shown: "all", chosen: new Set(), hovered: null, sprites: new Map(), tints: new Map(), image: null });
  },

  onAdd(map) {
    CanvasLayer.prototype.onAdd.call(this, map);
    this.ring = L.DomUtil.create("div", "vessel-ring", this.getPane());
    this.ring.hidden = true;
  },

  getEvents() {
    return { ...CanvasLayer.prototype.getEvents.call(this), zoomstart: () => this.hover(null) };
  },

  /* "all", "tankers" (with the listed vessels), or "none" */
  show(which) {
    this.shown = which;
    this.later();
  },

  /* Vessels (by MMSI) that always have a name and a ring. */
  choose(mmsis) {
    this.chosen = new Set(mmsis);
    this.later();
  },

  /* Puts a ring round this vessel, or removes it. The ring is an element of its own, so that a moving pointer does not
     repaint the canvas. */
  hover(vessel) {
    this.hovered = vessel;
    this.ring.hidden = !vessel;
    if (!vessel) return;
    const turns = Math.round((this._map.getCenter().lng - vessel.lon) / 360);
    L.DomUtil.setPosition(this.ring, this._map.latLngToLayerPoint([vessel.lat, vessel.lon + 360 * turns]));
  },

  newColours() {
    this.sprites.clear();
    this.tints.clear();
    this.later();
  },

  paint(ctx, view) {
    const ranks = [new Spots(), new Spots(), new Spots()], least = { all: 0, tankers: 1, none: 3 }[this.shown];
    for (const turn of view.turns) {
      const left = -view.x(0, turn) / view.scale, right = left + view.width / view.scale;
      const top = -view.y(0) / view.scale, bottom = top + view.height / view.scale;
      for (const vessel of this.fleet.byMmsi.values()) {
        if (vessel.x < left || vessel.x > right || vessel.y < top || vessel.y > bottom) continue;
        if (vessel.rank < least && !this.chosen.has(vessel.mmsi)) continue;
        ranks[vessel.rank].add(vessel, view.x(vessel.x, turn), view.y(vessel.y));
      }
    }
    const factor = ranks[1].length + ranks[2].length > THRONG ? SMALLER : 1, crowds = ranks.map((spots, rank) => rank < 2 && spots.length > CROWD);
    if (crowds.includes(true)) this.dots(ctx, ranks, crowds); // first, because they replace what was painted
    ranks.forEach((spots, rank) => crowds[rank] || this.hulls(ctx, spots, factor));
    this.names(ctx, view, ranks);
    if (this.hovered) this.hover(this.fleet.byMmsi.get(this.hovered.mmsi));
  },

  dots(ctx, ranks, crowds) {
    const { width, height } = ctx.canvas, ratio = devicePixelRatio || 1;
    if (this.image?.width !== width || this.image.height !== height) this.image = new ImageData(width, height);
    const pixels = new Uint32Array(this.image.data.buffer).fill(0);
    ranks.forEach(({ vessels, xs, ys }, rank) => {
      if (!crowds[rank]) return;
      const size = Math.max(1, Math.round(DOTS[rank] * ratio)), shift = (size / 2) - 0.5;
      for (const faint of [true, false]) {
        const tint = this.tint(TONES[rank], faint ? 0.35 : 0.85);
        for (let i = 0; i < vessels.length; i++) {
          if (this.stale(vessels[i]) !== faint) continue;
          const left = Math.round(xs[i] * ratio - shift), top = Math.round(ys[i] * ratio - shift);
          if (left < 0 || top < 0 || left + size > width || top + size > height) continue;
          for (let row = top * width + left, end = row + size * width; row < end; row += width) for (let at = row; at < row + size; at++) pixels[at] = tint;
        }
      }
    });
    ctx.putImageData(this.image, 0, 0);
  },

  /* A tone as the bytes of a pixel: red, green, blue, alpha. */
  tint(tone, alpha) {
    const name = `${tone} ${alpha}`;
    if (!this.tints.has(name)) {
      const ctx = new OffscreenCanvas(1, 1).getContext("2d", { willReadFrequently: true });
      ctx.fillStyle = colour(tone);
      ctx.fillRect(0, 0, 1, 1);
      const bytes = ctx.getImageData(0, 0, 1, 1).data;
      bytes[3] = Math.round(255 * alpha);
      this.tints.set(name, new Uint32Array(bytes.buffer)[0]);
    }
    return this.tints.get(name);
  },

  hulls(ctx, spots, factor) {
    if (!this.sprites.has(factor)) this.sprites.set(factor, new Sprites(factor));
    const sprites = this.sprites.get(factor);
    for (let i = 0; i < spots.length; i++) {
      ctx.globalAlpha = this.stale(spots.vessels[i]) ? 0.4 : 1;
      sprites.draw(ctx, spots.vessels[i], spots.xs[i], spots.ys[i]);
    }
    ctx.globalAlpha = 1;
  },

  stale(vessel) {
    return this.fleet.newest - vessel.at > STALE;
  },

  names(ctx, view, ranks) {
    const taken = view.taken();
    let left = NAMES;
    const marked = ({ vessel }) => this.chosen.has(vessel.mmsi), halo = colour("paper");
    for (const { vessel, x, y } of this.chosen.size ? ranks.flatMap((spots) => spots.all().filter(marked)) : []) {
      ctx.beginPath();
      ctx.arc(x, y, SIZES[vessel.rank] + 5, 0, 2 * Math.PI);
      Object.assign(ctx, { strokeStyle: colour("ink"), lineWidth: 1.6 });
      ctx.stroke();
      label(ctx, taken, named(vessel), x, y, { tone: colour("ink"), halo, aside: SIZES[vessel.rank] + 8, bold: true });
    }
    for (const rank of [2, 1, 0]) {
      if (view.zoom < NAMED_FROM[rank] || ranks[rank].length > 4 * NAMES) continue;
      for (const spot of ranks[rank].all()) {
        if (left-- <= 0) return;
        if (!marked(spot)) {
          label(ctx, taken, named(spot.vessel), spot.x, spot.y, { tone: colour(TONES[rank]), halo, aside: SIZES[rank] + 3 });
        }
      }
    }
  },

  /* The vessel nearest to a position, if it is within reach of the pointer. */
  at({ lat, lng }) {
    const [px, py] = project(lng, lat), scale = 256 * 2 ** this._map.getZoom();
    const least = { all: 0, tankers: 1, none: 3 }[this.shown];
    let best = null, reach = 12;
    for (const vessel of this.fleet.byMmsi.values()) {
      const dy = (vessel.y - py) * scale;
      if (dy > 18 || dy < -18) continue;
      const turn = vessel.x - px, dx = (turn - Math.round(turn)) * scale;
      if (dx > 18 || dx < -18 || (vessel.rank < least && !this.chosen.has(vessel.mmsi))) continue;
      const away = Math.hypot(dx, dy) - 3 * vessel.rank; // prefers tankers and listed vessels
      if (away < reach) [best, reach] = [vessel, away];
    }
    return best;
  },
});

/* Vessels of one rank in sight, and where on the canvas: in columns, because there may be very many. */
class Spots {
  constructor() {
    Object.assign(this, { vessels: [], xs: [], ys: [] });
  }

  get length() {
    return this.vessels.length;
  }

  add(vessel, x, y) {
    this.vessels.push(vessel);
    this.xs.push(x);
    this.ys.push(y);
  }

  all() {
    return this.vessels.map((vessel, i) => ({ vessel, x: this.xs[i], y: this.ys[i] }));
  }
}

const named = (vessel) => clean(vessel.name ?? `MMSI ${String(vessel.mmsi).padStart(9, "0")}`).slice(0, 30);

/* Hulls drawn once in every heading, to be copied. They are copied from a bitmap, because browsers check a canvas for
   changes at every copy. */
class Sprites {
  constructor(factor) {
    this.ratio = devicePixelRatio || 1;
    this.size = Math.ceil((2 * Math.max(...SIZES) * factor + 4) * this.ratio); // of a cell, in pixels of the screen
    const sheet = new OffscreenCanvas((TURNS + 1) * this.size, SIZES.length * this.size), ctx = sheet.getContext("2d");
    SIZES.forEach((size, rank) => {
      Object.assign(ctx, { fillStyle: colour(TONES[rank]), strokeStyle: colour("paper"), lineWidth: 1.2 * factor, lineJoin: "round" });
      for (let turn = 0; turn <= TURNS; turn++) {
        ctx.setTransform(this.ratio, 0, 0, this.ratio, (turn + 0.5) * this.size, (rank + 0.5) * this.size);
        ctx.rotate((turn / TURNS) * 2 * Math.PI);
        ctx.beginPath();
        if (turn === TURNS) ctx.arc(0, 0, size * factor * 0.5, 0, 2 * Math.PI);
        else hull(ctx, size * factor, size * factor * 0.42);
        ctx.fill();
        ctx.stroke();
      }
    });
    this.sheet = sheet.transferToImageBitmap();
  }

  draw(ctx, vessel, x, y) {
    const towards = vessel.heading ?? (vessel.speedKnots > 0.5 ? vessel.course : null);
    const turn = towards === null ? TURNS : Math.round((towards / 360) * TURNS) % TURNS;
    const wide = this.size / this.ratio;
    ctx.drawImage(this.sheet, turn * this.size, vessel.rank * this.size, this.size, this.size, x - wide / 2, y - wide / 2, wide, wide);
  }
}

/* A hull round the middle, bow up. */
function hull(ctx, half, beam) {
  ctx.moveTo(0, -half);
  ctx.quadraticCurveTo(beam, -half * 0.55, beam, -half * 0.1);
  ctx.lineTo(beam, half * 0.85);
  ctx.lineTo(-beam, half * 0.85);
  ctx.lineTo(-beam, -half * 0.1);
  ctx.quadraticCurveTo(-beam, -half * 0.55, 0, -half);
  ctx.closePath();
}
