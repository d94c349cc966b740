/* The lowest layer of the map: land, a grid, and the fences with their names and policies. */

import { clean, human } from "./web/words.js";
import { colour } from "./web/colours.js";
import { CanvasLayer } from "./canvas_layer.js";
import { holds, label, ringsOf, trace, union } from "./paths.js";
import { project } from "./fleet.js";

/* What a fence's policy means for events inside it. */
export const POLICIES = { watch: "encounters are raised even here", suppress: "encounters and loitering are not raised", score: "counts in the score" };
const DASHES = { watch: [], suppress: [1.5, 3], score: [6, 4] };

export const Chart = CanvasLayer.extend({
  initialize(options) {
    CanvasLayer.prototype.initialize.call(this, options);
    Object.assign(this, { land: [], fences: [], showLand: true });
  },

  setLand(geometry) {
    this.land = ringsOf(geometry);
    this.later();
  },

  setFences(collection) {
    this.fences = collection.features.map(({ properties, geometry }) => {
      const rings = ringsOf(geometry);
      return { ...properties, rings, box: union(rings.map((ring) => ring.box)) };
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
    const taken = [];
    for (const turn of view.turns) {
      if (this.showLand) this.paintLand(ctx, view, turn);
      for (const fence of this.fences) this.paintFence(ctx, view, turn, fence);
      for (const fence of this.fences.toReversed()) this.name(ctx, view, turn, fence, taken);
    }
  },

  /* Meridians and parallels at a distance that suits the zoom. */
  grid(ctx, view) {
    const step = [0.05, 0.1, 0.25, 0.5, 1, 2, 5, 10, 20, 30].find((degrees) => (degrees / 360) * view.scale > 110) ?? 30;
    const left = -view.x(0) / view.scale, [top, bottom] = [-view.y(0) / view.scale, (view.height - view.y(0)) / view.scale];
    const lat = (y) => (360 / Math.PI) * Math.atan(Math.exp((0.5 - y) * 2 * Math.PI)) - 90;
    ctx.beginPath();
    for (let lon = Math.ceil((left * 360) / step) * step; lon < (left + view.width / view.scale) * 360; lon += step) {
      ctx.moveTo(view.x(lon / 360), 0);
      ctx.lineTo(view.x(lon / 360), view.height);
    }
    for (let at = Math.ceil(lat(Math.min(1, bottom)) / step) * step; at < lat(Math.max(0, top)); at += step) {
      ctx.moveTo(0, view.y(project(0, at)[1]));
      ctx.lineTo(view.width, view.y(project(0, at)[1]));
    }
    Object.assign(ctx, { strokeStyle: colour("grid"), lineWidth: 1 });
    ctx.stroke();
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
    label(ctx, taken, wide > 160 ? `${text} · ${human(fence.policy).toLowerCase()}` : text, view.x((fence.box[0] + fence.box[2]) / 2, turn),
      view.y((fence.box[1] + fence.box[3]) / 2), { tone: colour(`fence-${fence.kind}`, "fence-port"), halo: colour("paper") });
  },
});

const area = (box) => (box[2] - box[0]) * (box[3] - box[1]);
