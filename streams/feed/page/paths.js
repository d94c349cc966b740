/* Paths: outlines and lines, projected once into flat arrays with their boxes, and drawing them. */

import { project } from "./fleet.js";

/* A path from positions [lon, lat]. Longitudes run on past 180 where the line crosses it. */
export function pathOf(positions) {
  const points = new Float64Array(positions.length * 2), box = [Infinity, Infinity, -Infinity, -Infinity];
  let before = null, turn = 0;
  positions.forEach(([lon, lat], i) => {
    if (before !== null && Math.abs(lon - before) > 180) turn += lon < before ? 1 : -1;
    before = lon;
    const [x, y] = project(lon, lat);
    points[2 * i] = x + turn;
    points[2 * i + 1] = y;
    box[0] = Math.min(box[0], x + turn); box[1] = Math.min(box[1], y);
    box[2] = Math.max(box[2], x + turn); box[3] = Math.max(box[3], y);
  });
  return { points, box };
}

/* The outlines of a Polygon or MultiPolygon, including holes. They are cut at 180 degrees, as in the data. */
export function ringsOf({ type, coordinates }) {
  const polygons = type === "Polygon" ? [coordinates] : coordinates;
  return polygons.flatMap((rings) => rings.map(pathOf));
}

export const union = (boxes) => boxes.reduce((all, box) => [Math.min(all[0], box[0]), Math.min(all[1], box[1]),
  Math.max(all[2], box[2]), Math.max(all[3], box[3])], [Infinity, Infinity, -Infinity, -Infinity]);

/* Adds a path to that of the canvas. Points too close to the one before are left out. */
export function trace(ctx, view, { points }, turn) {
  let px = NaN, py = NaN;
  for (let i = 0; i < points.length; i += 2) {
    const x = view.x(points[i], turn), y = view.y(points[i + 1]);
    if (i === 0) ctx.moveTo(x, y);
    else if (Math.abs(x - px) + Math.abs(y - py) < 0.7 && i < points.length - 2) continue;
    else ctx.lineTo(x, y);
    px = x;
    py = y;
  }
}

/* Whether a position is inside outlines, by the even-odd rule. */
export function holds(rings, x, y) {
  let inside = false;
  for (const { points } of rings) {
    for (let i = 0, j = points.length - 2; i < points.length; j = i, i += 2) {
      const [x1, y1, x2, y2] = [points[i], points[i + 1], points[j], points[j + 1]];
      if (y1 > y !== y2 > y && x < ((x2 - x1) * (y - y1)) / (y2 - y1) + x1) inside = !inside;
    }
  }
  return inside;
}

const widths = new Map(); // of names in pixels, by font and name. Cached: measuring takes longer than everything else

function widthOf(ctx, text) {
  const key = ctx.font + text;
  if (!widths.has(key)) {
    if (widths.size > 10000) widths.clear();
    widths.set(key, ctx.measureText(text).width);
  }
  return widths.get(key);
}

/* Writes a name beside or at a place, if it covers no other name. `taken` holds the boxes in use. */
export function label(ctx, taken, text, x, y, { tone, halo, aside = 0, bold = false, small = false, italic = false, spaced = false }) {
  if (spaced) text = text.toUpperCase().split("").join("\u200a");
  ctx.font = `${italic ? "italic " : ""}${bold ? "600 " : ""}${small ? 11 : 12}px system-ui, sans-serif`;
  const wide = widthOf(ctx, text);
  const tries = aside ? [[aside, 4], [-aside - wide, 4], [-wide / 2, -aside], [-wide / 2, aside + 8]] : [[-wide / 2, 4], [-wide / 2, 20], [-wide / 2, -12]];
  for (const [dx, dy] of tries) {
    const box = [x + dx - 2, y + dy - 11, x + dx + wide + 2, y + dy + 3];
    if (taken.some((other) => box[0] < other[2] && box[2] > other[0] && box[1] < other[3] && box[3] > other[1])) continue;
    taken.push(box);
    Object.assign(ctx, { lineWidth: 3, lineJoin: "round", strokeStyle: halo, fillStyle: tone });
    ctx.strokeText(text, x + dx, y + dy);
    ctx.fillText(text, x + dx, y + dy);
    return;
  }
}
