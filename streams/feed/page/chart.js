/* The lowest layer of the map: land, a grid, and the fences with their names and policies. */

import { clean, human } from "./web/words.js";
import { colour } from "./web/colours.js";
import { CanvasLayer } from "./canvas_layer.js";
import { holds, label, ringsOf, trace, union } from "./paths.js";
import { project } from "./fleet.js";
import { COUNTRIES, PORTS, WATERS } from "./map_names.js";

/* What a fence's policy means for events inside it. */
export const POLICIES = { watch: "encounters are raised even here", suppress: "encounters and loitering are not raised", score: "counts in the score", drawn: "entries and exits are events" };
const DASHES = { watch: [], suppress: [1.5, 3], score: [6, 4] };

export const Chart = CanvasLayer.extend({
  initialize(options) {
    CanvasLayer.prototype.initialize.call(this, options);
    Object.assign(this, { land: [], fences: [], showLand: true, written: new Set() }); // written: places that another layer names
  },

  setLand(geometry) {
    this.land = ringsOf(geometry);
    this.later();
  },

  setFences(collection) {
    this.fences = collection.features.map(({ properties, geometry }) => {
      const rings = ringsOf(geometry);
      const policy = properties.policy ?? "drawn"; // a fence that was drawn has none of its own
      return { ...properties, policy, rings, box: union(rings.map((ring) => ring.box)) };
    });
    // the smallest last, so that they are on top
    this.fences.sort((a, b) => area(b.box) - area(a.box));
    this.later();
  },

  /* The fences at a position, the smallest first. */
  fencesAt(lon, lat) {
    const [x, y] = project(lon, lat);
    return this.fences.filter(({ rings, box }) => x >= box[0] && x <= box[2] && y >= box[1] && y <= box[3] && holds(rings, x, y)).reverse();
  },

  paint(ctx, view) {
    if (this.showLand) {
      ctx.fillStyle = colour("sea");
      ctx.fillRect(0, 0, view.width, view.height);
    }
    this.grid(ctx, view);
    const taken = view.taken();
    for (const turn of view.turns) {
      if (this.showLand) this.paintLand(ctx, view, turn);
      for (const fence of this.fences) this.paintFence(ctx, view, turn, fence);
      for (const fence of this.fences.toReversed()) this.name(ctx, view, turn, fence, taken);
      if (this.showLand) this.places(ctx, view, turn, taken);
    }
    this.degrees(ctx, view);
  },

  /* Meridians and parallels at a distance that suits the zoom. */
  grid(ctx, view) {
    const step = [0.05, 0.1, 0.25, 0.5, 1, 2, 5, 10, 20, 30].find((degrees) => (degrees / 360) * view.scale > 110) ?? 30;
    const left = -view.x(0) / view.scale, [top, bottom] = [-view.y(0) / view.scale, (view.height - view.y(0)) / view.scale];
    const lat = (y) => (360 / Math.PI) * Math.atan(Math.exp((0.5 - y) * 2 * Math.PI)) - 90;
    const round = (degrees) => Math.round(degrees * 1000) / 1000;
    this.lines = { lats: [], lons: [] };
    ctx.beginPath();
    for (let lon = Math.ceil((left * 360) / step) * step; lon < (left + view.width / view.scale) * 360; lon += step) {
      this.lines.lons.push([round(((((lon - 180) % 360) + 540) % 360) - 180), view.x(lon / 360)]);
      ctx.moveTo(view.x(lon / 360), 0);
      ctx.lineTo(view.x(lon / 360), view.height);
    }
    for (let at = Math.ceil(lat(Math.min(1, bottom)) / step) * step; at < lat(Math.max(0, top)); at += step) {
      this.lines.lats.push([round(at), view.y(project(0, at)[1])]);
      ctx.moveTo(0, view.y(project(0, at)[1]));
      ctx.lineTo(view.width, view.y(project(0, at)[1]));
    }
    Object.assign(ctx, { strokeStyle: colour("grid"), lineWidth: 1 });
    ctx.stroke();
  },

  /* Names of countries, waters and ports by zoom; tiles have their own. */
  places(ctx, view, turn, taken) {
    const put = ([name, lon, lat, from, to], tone, more = {}) => {
      if (view.zoom < from || view.zoom > to) return;
      const [x, y] = project(lon, lat);
      if (view.seen([x, y, x, y], turn, 80)) label(ctx, taken, name, view.x(x, turn), view.y(y), { tone: colour(tone), halo: colour(tone === "water-name" ? "sea" : "land"), ...more });
    };
    for (const place of COUNTRIES) put(place, "land-name", { spaced: true });
    for (const place of WATERS) put(place, "water-name", { italic: true });
    for (const [name, lon, lat] of PORTS) put([name, lon, lat, 7, 11.5], "land-name", { aside: 5, small: true });
  },

  /* The degrees of the grid, at its left and upper edge as far as it is in sight. */
  degrees(ctx, view) {
    const { lats = [], lons = [] } = this.lines ?? {}, [left, top] = view.frame;
    Object.assign(ctx, { font: "10px system-ui, sans-serif", fillStyle: colour("faint"), strokeStyle: colour("sea"), lineWidth: 2.5 });
    const write = (text, x, y) => { ctx.strokeText(text, x, y); ctx.fillText(text, x, y); };
    for (const [degrees, y] of lats) write(`${Math.abs(degrees)}°${degrees < 0 ? "S" : "N"}`, left + 4, y - 3);
    for (const [degrees, x] of lons) write(`${Math.abs(degrees)}°${degrees < 0 ? "W" : "E"}`, x + 3, top + 11);
  },

  paintLand(ctx, view, turn) {
    ctx.beginPath();
    for (const ring of this.land) {
      const tiny = (ring.box[2] - ring.box[0]) * view.scale < 0.7 && (ring.box[3] - ring.box[1]) * view.scale < 0.7;
      if (!tiny && view.seen(ring.box, turn)) trace(ctx, view, ring, turn);
    }
    Object.assign(ctx, { fillStyle: colour("land"), strokeStyle: colour("coast"), lineWidth: 0.8 });
    ctx.fill("evenodd");
    ctx.stroke();
  },

  paintFence(ctx, view, turn, fence) {
    if (!view.seen(fence.box, turn)) return;
    ctx.beginPath();
    for (const ring of fence.rings) {
      trace(ctx, view, ring, turn);
      ctx.closePath();
    }
    ctx.fillStyle = ctx.strokeStyle = colour(`fence-${fence.kind}`, "fence-port");
    ctx.globalAlpha = fence.policy === "watch" ? 0.07 : 0.04;
    ctx.fill("evenodd");
    ctx.globalAlpha = 0.85;
    ctx.lineWidth = fence.policy === "watch" ? 1.4 : 1.1;
    ctx.setLineDash(DASHES[fence.policy] ?? []);
    ctx.stroke();
    ctx.setLineDash([]);
    ctx.globalAlpha = 1;
  },

  name(ctx, view, turn, fence, taken) {
    const wide = (fence.box[2] - fence.box[0]) * view.scale;
    if (!view.seen(fence.box, turn) || (wide < 40 && view.zoom < 10.5)) return;
    const text = clean(fence.name).slice(0, 60);
    if (this.written.has(fence.name)) return;
    label(ctx, taken, wide > 160 ? `${text} · ${human(fence.policy).toLowerCase()}` : text, view.x((fence.box[0] + fence.box[2]) / 2, turn),
      view.y((fence.box[1] + fence.box[3]) / 2), { tone: colour(`fence-${fence.kind}`, "fence-port"), halo: colour("paper") });
  },
});

const area = (box) => (box[2] - box[0]) * (box[3] - box[1]);
