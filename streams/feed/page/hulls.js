/* Two hulls to scale at their closest approach, from the positions of the antennas on board and the headings. */

import { bdi, el, moment, number, vesselName, vesselsOf } from "./web/words.js";
import { section } from "./web/event.js";

const METRES = (6371008.8 * Math.PI) / 180; // in a degree of latitude

/* The samples of both vessels where they were closest and have headings, or null. */
function closest(event) {
  const byTime = new Map();
  for (const sample of event.evidence.positions) {
    if (!byTime.has(sample.time)) byTime.set(sample.time, {});
    byTime.get(sample.time)[sample.ssvid] = sample;
  }
  const [one, other] = vesselsOf(event).map((vessel) => vessel.ssvid);
  let best = null, least = Infinity;
  for (const at of byTime.values()) {
    const [a, b] = [at[one], at[other]];
    if (!a || !b || a.heading === null || b.heading === null) continue;
    const gap = a.hullGapMeters ?? b.hullGapMeters ?? a.distanceMeters ?? b.distanceMeters;
    if (gap !== null && gap < least) [best, least] = [[a, b], gap];
  }
  return best;
}

/* Distances from the antenna in metres, {bow, stern, port, starboard}, and whether its position on board is known. */
function sizeOf(vessel, dimensions) {
  const d = dimensions && { bow: dimensions.to_bow, stern: dimensions.to_stern, port: dimensions.to_port, starboard: dimensions.to_starboard };
  if (d && (d.bow || d.port)) return { ...d, known: true };
  const long = d ? d.bow + d.stern : vessel.lengthMeters, wide = d ? d.port + d.starboard : vessel.beamMeters;
  if (!long || !wide) return null;
  return { bow: long / 2, stern: long / 2, port: wide / 2, starboard: wide / 2, known: false };
}

/* The rectangle between which gaps are measured, and the outline drawn inside it. East, north in metres. */
function place(size, heading, [east, north]) {
  const angle = (heading * Math.PI) / 180, [sin, cos] = [Math.sin(angle), Math.cos(angle)];
  const put = ([x, y]) => [east + x * cos + y * sin, north - x * sin + y * cos];
  const { bow, stern, port, starboard } = size, taper = Math.min((bow + stern) * 0.18, (port + starboard) * 1.2), middle = (starboard - port) / 2;
  return {
    box: [[-port, bow], [starboard, bow], [starboard, -stern], [-port, -stern]].map(put),
    shape: [[middle, bow], [starboard, bow - taper], [starboard, -stern], [-port, -stern], [-port, bow - taper]].map(put),
    antenna: put([0, 0]),
  };
}

function nearest([px, py], [ax, ay], [bx, by]) {
  const share = Math.min(1, Math.max(0, ((px - ax) * (bx - ax) + (py - ay) * (by - ay)) / ((bx - ax) ** 2 + (by - ay) ** 2 || 1)));
  return [ax + share * (bx - ax), ay + share * (by - ay)];
}

/* The shortest line between two rectangles that do not touch. */
function between(one, other) {
  let best = null, least = Infinity;
  const test = (points, edges, flip) => points.forEach((point) => edges.forEach((edge, i) => {
    const on = nearest(point, edge, edges[(i + 1) % edges.length]), away = Math.hypot(point[0] - on[0], point[1] - on[1]);
    if (away < least) [best, least] = [flip ? [on, point] : [point, on], away];
  }));
  test(one, other, false);
  test(other, one, true);
  return best;
}

/* `dimensions` are those that the server sends, by MMSI with nine digits. Null if there is nothing to draw. */
export function hullsOf(event, dimensions, width) {
  if (!event.encounter) return null;
  const vessels = vesselsOf(event), at = closest(event);
  const sizes = vessels.map((vessel) => sizeOf(vessel, dimensions[vessel.ssvid]));
  if (!at) return null;
  if (sizes.includes(null)) return section("At the closest approach", el("p", { class: "small" }, "The size of a hull is not known."));
  const [a, b] = at, lon = ((b.lon - a.lon + 540) % 360) - 180;
  const offset = [lon * METRES * Math.cos((((a.lat + b.lat) / 2) * Math.PI) / 180), (b.lat - a.lat) * METRES];
  const hulls = [place(sizes[0], a.heading, [0, 0]), place(sizes[1], b.heading, offset)];
  const gap = a.hullGapMeters ?? b.hullGapMeters;
  return section("At the closest approach", el("figure", { class: "hulls" }, drawing(hulls, vessels, gap, Math.min(width, 560)),
    el("figcaption", {}, vessels.map((vessel, i) => el("span", { class: "key" }, el("i", { class: `area ${"ab"[i]}` }), bdi(vesselName(vessel)))),
      el("span", { class: "small" }, [moment(Date.parse(a.time)), gap !== null && `hulls ${number(gap, 0)} m apart`, a.distanceMeters !== null
        && `antennas (dots) ${number(a.distanceMeters, 0)} m`].filter(Boolean).join(" · ")),
      gap === 0 && el("span", { class: "small" }, "Positions are only accurate to about 10 m, so the hulls may seem to overlap."),
      sizes.some((size) => !size.known) && el("span", { class: "small" }, "If the position of an antenna on board is not known, it is drawn amidships."))));
}

function drawing(hulls, vessels, gap, width) {
  const points = hulls.flatMap(({ box }) => box), xs = points.map((p) => p[0]), ys = points.map((p) => p[1]);
  const [west, east, south, north] = [Math.min(...xs), Math.max(...xs), Math.min(...ys), Math.max(...ys)];
  const height = 250, margin = 26, scale = Math.min((width - 2 * margin) / (east - west), (height - 2 * margin) / (north - south));
  const x = (metres) => width / 2 + (metres - (west + east) / 2) * scale, y = (metres) => height / 2 - (metres - (south + north) / 2) * scale;
  const path = (ring) => `M${ring.map((p) => `${x(p[0]).toFixed(1)} ${y(p[1]).toFixed(1)}`).join("L")}Z`;
  const line = gap > 0 && between(hulls[0].box, hulls[1].box);
  const long = [500, 200, 100, 50, 20, 10, 5].find((metres) => metres * scale < width * 0.35) ?? 5;
  return el("svg", { viewBox: `0 0 ${width} ${height}`, class: "plot", role: "img",
    "aria-label": `Hulls of ${vessels.map(vesselName).join(" and ")} to scale, ${gap === null ? "gap not known" : `${number(gap, 0)} metres apart`}` },
  hulls.map(({ shape, antenna }, i) => [el("path", { d: path(shape), class: `hull ${"ab"[i]}` }),
    el("circle", { cx: x(antenna[0]), cy: y(antenna[1]), r: 3, class: "ab"[i] })]),
  line && el("line", { x1: x(line[0][0]), y1: y(line[0][1]), x2: x(line[1][0]), y2: y(line[1][1]), class: "gap-line" }),
  el("path", { d: `M12 ${height - 14}v5h${(long * scale).toFixed(1)}v-5`, class: "scale" }),
  el("text", { x: 16, y: height - 15 }, `${long} m`),
  el("path", { d: `M${width - 16} 30V10l-4 7M${width - 16} 10l4 7`, class: "scale" }),
  el("text", { x: width - 16, y: 44, class: "middle" }, "N"));
}
