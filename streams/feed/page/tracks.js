/* What belongs to the open event or vessel: tracks, positions of the evidence, and where the vessels were at the time
   under the pointer. Also the box of the filter. */

import { clean, clock, day } from "./web/words.js";
import { colour } from "./web/colours.js";
import { CanvasLayer } from "./canvas_layer.js";
import { project } from "./fleet.js";
import { label, pathOf, trace, union } from "./paths.js";

const SILENT = 3600 * 1000; // milliseconds without a point after which the line is dashed
const HOUR = 3600 * 1000;
const ARROWS = 130; // pixels between two arrows on a track
const TIMES = [1, 3, 6, 12, 24, 48, 120, 240]; // hours between two times written on tracks; as zoom and room allow
const APART = 90; // pixels between two of them, at least

/* Splits a track of [milliseconds, lon, lat, knots, status] where the vessel was silent. */
export function pieces(points) {
  const found = [];
  for (const point of points) {
    const last = found.at(-1);
    if (last && point[0] - last.at(-1)[0] <= SILENT) last.push(point);
    else found.push([point]);
  }
  return found;
}

/* The points of an MF-JSON feature with a MovingPoint. */
export const pointsOf = ({ temporalGeometry: { datetimes, coordinates }, temporalProperties }) => {
  const { speed, status } = temporalProperties?.[0] ?? {};
  return datetimes.map((time, i) => [Date.parse(time), coordinates[i][0], coordinates[i][1], speed?.values[i] ?? null, status?.values[i] ?? null]);
};

export const TrackLayer = CanvasLayer.extend({
  initialize(fleet, options) {
    CanvasLayer.prototype.initialize.call(this, options);
    Object.assign(this, { fleet, lines: [], dots: [], marks: [], legs: [], pointed: null, box: null });
  },

  /* lines: [{tone, points, name, mmsi}], dots: [{tone, lon, lat}], legs: [{number, position, place}] */
  show(lines, dots = [], legs = []) {
    this.lines = lines.filter(({ points }) => points.length).map(({ tone, points, ...more }) => {
      const parts = pieces(points);
      const bridges = parts.slice(1).map((part, i) => [parts[i].at(-1), part[0]]);
      const paths = (all) => all.map((part) => pathOf(part.map((point) => point.slice(1))));
      return { ...more, tone, points, parts: paths(parts), bridges: paths(bridges) };
    });
    this.dots = dots.map(({ tone, lon, lat }) => ({ tone, at: project(lon, lat) }));
    this.legs = legs.map(({ number, position, place, kind }) => ({ number, place, kind, at: project(position.lon, position.lat) }));
    this.marks = [];
    this.pointed = null;
    this.later();
  },

  /* Marks the leg with this number; null: none. */
  point(number) {
    this.pointed = number;
    this.later();
  },

  /* [[south, west], [north, east]] of everything shown, or null */
  extent() {
    const boxes = this.lines.flatMap(({ parts }) => parts.map((part) => part.box));
    boxes.push(...[...this.dots, ...this.legs].map(({ at: [x, y] }) => [x, y, x, y]));
    if (!boxes.length) return null;
    const [west, north, east, south] = union(boxes);
    return [[latitude(south), west * 360 - 180], [latitude(north), east * 360 - 180]];
  },

  /* Shows where the vessels were at a time, interpolated between points of their tracks; null: removes it. */
  showTime(time) {
    this.marks = time === null ? [] : this.lines.flatMap(({ tone, points }) => {
      const next = points.findIndex((point) => point[0] >= time);
      if (next < 1) return [];
      const [[t0, lon0, lat0], [t1, lon1, lat1]] = [points[next - 1], points[next]], share = (time - t0) / (t1 - t0 || 1);
      const east = ((lon1 - lon0 + 540) % 360) - 180;
      return [{ tone, at: project(lon0 + share * east, lat0 + share * (lat1 - lat0)) }];
    });
    this.later();
  },

  /* Shows the box of the filter: west, south, east, north, or null. */
  limit(box) {
    if (!box) this.box = null;
    else {
      const [west, north] = project(box[0], box[3]), [east, south] = project(box[2] < box[0] ? box[2] + 360 : box[2], box[1]);
      this.box = [west, north, east, south];
    }
    this.later();
  },

  empty() {
    return !this.lines.length && !this.dots.length && !this.legs.length && !this.box;
  },

  paint(ctx, view) {
    for (const turn of [view.turns[0] - 1, ...view.turns]) {
      if (this.box) this.paintBox(ctx, view, turn);
      for (const { tone, parts, bridges } of this.lines) {
        ctx.strokeStyle = colour(tone, "track");
        Object.assign(ctx, { lineWidth: 1.2, lineJoin: "round", globalAlpha: 0.6 });
        ctx.setLineDash([2, 5]);
        this.stroke(ctx, view, turn, bridges);
        ctx.setLineDash([]);
        Object.assign(ctx, { lineWidth: 2.2, globalAlpha: 0.9 });
        this.stroke(ctx, view, turn, parts);
      }
      ctx.globalAlpha = 1;
      for (const line of this.lines) this.arrows(ctx, view, turn, line);
      const taken = view.taken();
      taken.push(...this.legs.map(({ at: [x, y] }) => [view.x(x, turn) - 12, view.y(y) - 12, view.x(x, turn) + 12, view.y(y) + 12]));
      this.places(ctx, view, turn, taken);
      this.names(ctx, view, turn, taken);
      this.times(ctx, view, turn, taken);
      this.numbers(ctx, view, turn);
      for (const { tone, at } of this.dots) this.disc(ctx, view, turn, at, 2.2, tone);
      for (const { tone, at } of this.marks) {
        this.disc(ctx, view, turn, at, 6, tone);
        Object.assign(ctx, { lineWidth: 2, strokeStyle: colour("paper") });
        ctx.stroke();
      }
    }
  },

  /* Names at the ends of the tracks, except where the vessel itself is shown with its name. */
  names(ctx, view, turn, taken) {
    for (const { tone, points, name, mmsi } of this.lines) {
      const [x, y] = project(points.at(-1)[1], points.at(-1)[2]), vessel = this.fleet.byMmsi.get(mmsi);
      const there = vessel && Math.hypot(vessel.x - x, vessel.y - y) * view.scale < 50;
      if (name && !there) label(ctx, taken, clean(name).slice(0, 30), view.x(x, turn), view.y(y), { tone: colour(tone, "track"), halo: colour("paper"), aside: 14, bold: true });
    }
  },

  /* Arrows in the direction of the way. */
  arrows(ctx, view, turn, { tone, parts }) {
    ctx.fillStyle = colour(tone, "track");
    for (const { points } of parts) {
      let gone = ARROWS / 2;
      for (let i = 2; i < points.length; i += 2) {
        const [x0, y0, x, y] = [view.x(points[i - 2], turn), view.y(points[i - 1]), view.x(points[i], turn), view.y(points[i + 1])];
        const long = Math.hypot(x - x0, y - y0);
        if ((gone += long) < ARROWS || long < 0.5) continue;
        gone = 0;
        if (x < -20 || x > view.width + 20 || y < -20 || y > view.height + 20) continue;
        const [ux, uy] = [(x - x0) / long, (y - y0) / long];
        ctx.beginPath();
        ctx.moveTo(x + 8 * ux, y + 8 * uy);
        ctx.lineTo(x - 4 * ux - 5 * uy, y - 4 * uy + 5 * ux);
        ctx.lineTo(x - 4 * ux + 5 * uy, y - 4 * uy - 5 * ux);
        ctx.fill();
      }
    }
  },

  /* The legs of a case by their numbers; two at one place lie side by side. */
  numbers(ctx, view, turn) {
    const used = [];
    for (const { at: [wx, wy], number } of this.legs) {
      const x = view.x(wx, turn), y = view.y(wy), big = number === this.pointed ? 15 : 11;
      const aside = 20 * used.filter(([ux, uy]) => Math.hypot(ux - x, uy - y) < 16).length;
      used.push([x, y]);
      ctx.beginPath();
      ctx.arc(x - aside, y, big, 0, 2 * Math.PI);
      Object.assign(ctx, { fillStyle: colour("type-chain"), strokeStyle: colour("paper"), lineWidth: 2.5, textAlign: "center", textBaseline: "middle" });
      ctx.fill();
      ctx.stroke();
      Object.assign(ctx, { fillStyle: colour("paper"), font: "700 13px system-ui, sans-serif" });
      ctx.fillText(String(number), x - aside, y + 0.5);
      Object.assign(ctx, { textAlign: "start", textBaseline: "alphabetic" });
    }
  },

  /* What is where the legs are. */
  places(ctx, view, turn, taken) {
    for (const { at: [x, y], place } of this.legs) {
      label(ctx, taken, clean(place).slice(0, 40), view.x(x, turn), view.y(y), { tone: colour("type-chain"), halo: colour("paper"), aside: 16, bold: true });
    }
  },

  /* When the vessels were where: dots on the tracks with their times. */
  times(ctx, view, turn, taken) {
    for (const { tone, points } of this.lines) {
      const place = (point) => { const [x, y] = project(point[1], point[2]); return [view.x(x, turn), view.y(y)]; };
      const span = points.at(-1)[0] - points[0][0], hours = TIMES.find((each) => span / (each * HOUR) < 14) ?? TIMES.at(-1);
      let last = null;
      for (let i = 1; i < points.length; i++) {
        const due = Math.ceil(points[i - 1][0] / (hours * HOUR)) * hours * HOUR;
        if (due > points[i][0] || points[i][0] - points[i - 1][0] > SILENT) continue;
        const [x, y] = place(points[i]);
        if (x < 0 || y < 0 || x > view.width || y > view.height || (last && Math.hypot(x - last[0], y - last[1]) < APART)) continue;
        last = [x, y];
        this.disc(ctx, view, turn, project(points[i][1], points[i][2]), 3, tone);
        label(ctx, taken, `${day(due)} ${clock(due)}`, x, y, { tone: colour(tone, "track"), halo: colour("paper"), aside: 7, small: true });
      }
    }
  },

  stroke(ctx, view, turn, paths) {
    ctx.beginPath();
    for (const path of paths) if (view.seen(path.box, turn)) trace(ctx, view, path, turn);
    ctx.stroke();
  },

  disc(ctx, view, turn, [x, y], radius, tone) {
    ctx.beginPath();
    ctx.arc(view.x(x, turn), view.y(y), radius, 0, 2 * Math.PI);
    ctx.fillStyle = colour(tone, "track");
    ctx.fill();
  },

  paintBox(ctx, view, turn) {
    const [west, north, east, south] = this.box;
    Object.assign(ctx, { strokeStyle: colour("accent"), lineWidth: 1.5, globalAlpha: 0.9 });
    ctx.setLineDash([8, 5]);
    ctx.strokeRect(view.x(west, turn), view.y(north), (east - west) * view.scale, (south - north) * view.scale);
    ctx.setLineDash([]);
    ctx.globalAlpha = 1;
  },
});

const latitude = (y) => (360 / Math.PI) * Math.atan(Math.exp((0.5 - y) * 2 * Math.PI)) - 90;
