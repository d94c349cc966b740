/* All vessels on one canvas. Tankers and listed vessels are larger and on top. The others become dots if there are
   very many. A hull points along the heading, or else along the course; a vessel without either is a disc. */

import { clean } from "./web/words.js";
import { colour } from "./web/colours.js";
import { CanvasLayer } from "./canvas_layer.js";
import { project } from "./fleet.js";
import { label } from "./paths.js";

const { L } = window;

const STALE = 3600 * 1000; // milliseconds without a tick after which a vessel is shown faint
const CROWD = 3000; // from this many other vessels in sight, they are dots
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
    Object.assign(this, { fleet, shown: "all", chosen: new Set(), hovered: null, sprites: new Map() });
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
    this.later();
  },

  paint(ctx, view) {
    const ranks = [[], [], []], least = { all: 0, tankers: 1, none: 3 }[this.shown];
    for (const turn of view.turns) {
      const left = -view.x(0, turn) / view.scale, right = left + view.width / view.scale;
      const top = -view.y(0) / view.scale, bottom = top + view.height / view.scale;
      for (const vessel of this.fleet.byMmsi.values()) {
        if (vessel.x < left || vessel.x > right || vessel.y < top || vessel.y > bottom) continue;
        if (vessel.rank < least && !this.chosen.has(vessel.mmsi)) continue;
        ranks[vessel.rank].push({ vessel, x: view.x(vessel.x, turn), y: view.y(vessel.y) });
      }
    }
    const factor = ranks[1].length + ranks[2].length > THRONG ? SMALLER : 1;
    if (ranks[0].length > CROWD) this.dots(ctx, ranks[0]);
    else this.hulls(ctx, ranks[0], factor);
    this.hulls(ctx, ranks[1], factor);
    this.hulls(ctx, ranks[2], factor);
    this.names(ctx, view, ranks);
    if (this.hovered) this.hover(this.fleet.byMmsi.get(this.hovered.mmsi));
  },

  dots(ctx, spots) {
    for (const faint of [true, false]) {
      ctx.fillStyle = colour("vessel");
      ctx.globalAlpha = faint ? 0.35 : 0.85;
      for (const { vessel, x, y } of spots) if (this.stale(vessel) === faint) ctx.fillRect(x - 1.25, y - 1.25, 2.5, 2.5);
    }
    ctx.globalAlpha = 1;
  },

  hulls(ctx, spots, factor) {
    if (!this.sprites.has(factor)) this.sprites.set(factor, new Sprites(factor));
    const sprites = this.sprites.get(factor);
    for (const { vessel, x, y } of spots) {
      ctx.globalAlpha = this.stale(vessel) ? 0.4 : 1;
      sprites.draw(ctx, vessel, x, y);
    }
    ctx.globalAlpha = 1;
  },

  stale(vessel) {
    return this.fleet.newest - vessel.at > STALE;
  },

  names(ctx, view, ranks) {
    const taken = view.taken();
    let left = NAMES;
    const marked = ({ vessel }) => this.chosen.has(vessel.mmsi);
    const spots = ranks.flat(), halo = colour("paper");
    for (const { vessel, x, y } of spots.filter(marked)) {
      ctx.beginPath();
      ctx.arc(x, y, SIZES[vessel.rank] + 5, 0, 2 * Math.PI);
      Object.assign(ctx, { strokeStyle: colour("ink"), lineWidth: 1.6 });
      ctx.stroke();
      label(ctx, taken, named(vessel), x, y, { tone: colour("ink"), halo, aside: SIZES[vessel.rank] + 8, bold: true });
    }
    for (const rank of [2, 1, 0]) {
      if (view.zoom < NAMED_FROM[rank] || ranks[rank].length > 4 * NAMES) continue;
      for (const spot of ranks[rank]) {
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
