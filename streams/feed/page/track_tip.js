/* What a track says under the pointer: whose it is, when, how fast, with which status; or that the vessel was silent. */

import { bdi, clean, duration, el, moment, number } from "./web/words.js";
import { project } from "./fleet.js";
import { statusName } from "./nav_status.js";

const REACH = 8; // pixels
const HOUR = 3600e3; // milliseconds
const SILENT = HOUR; // as `tracks.js` dashes the line

/* Lines for the tooltip at a place, of the nearest of these tracks; none if there is none within reach.
   lines: [{points: [[milliseconds, lon, lat, knots or null, navigational status or null]], name}] */
export function trackLines(lines, { lat, lng }, zoom) {
  const scale = 256 * 2 ** zoom, [px, py] = project(lng, lat);
  let best = null, reach = REACH;
  for (const line of lines) {
    for (let i = 1; i < line.points.length; i++) {
      const [from, to] = [line.points[i - 1], line.points[i]], [x0, y0] = at(from, px, py, scale), [x1, y1] = at(to, px, py, scale);
      if (Math.min(x0, x1) > reach || Math.max(x0, x1) < -reach || Math.min(y0, y1) > reach || Math.max(y0, y1) < -reach) continue;
      const long = (x1 - x0) ** 2 + (y1 - y0) ** 2, share = long ? Math.min(1, Math.max(0, -(x0 * (x1 - x0) + y0 * (y1 - y0)) / long)) : 0;
      const away = Math.hypot(x0 + share * (x1 - x0), y0 + share * (y1 - y0));
      if (away < reach) [best, reach] = [{ line, from, to, share }, away];
    }
  }
  if (!best || !best.from[0]) return []; // a line without times
  const { line, from, to, share } = best, name = line.name ? [el("b", {}, bdi(clean(line.name)))] : [];
  if (to[0] - from[0] > SILENT) return [...name, `not heard for ${duration((to[0] - from[0]) / HOUR)}`, `${moment(from[0])} to ${moment(to[0])}`, "The line shows no way that it took."];
  const speeds = [from[3], to[3]].filter((speed) => speed !== null && speed !== undefined);
  const speed = share < 0.5 ? speeds[0] : speeds.at(-1), status = statusName((share < 0.5 ? from : to)[4]);
  return [...name, moment(from[0] + share * (to[0] - from[0])), speed === undefined ? "speed not known" : `${number(speed, 1)} kn${speed < 0.5 ? ", not moving" : ""}`, ...(status ? [`says: ${status}`] : [])];
}

/* Pixels from the pointer, across 180° the short way. */
function at([, lon, lat], px, py, scale) {
  const [x, y] = project(lon, lat), turn = x - px;
  return [(turn - Math.round(turn)) * scale, (y - py) * scale];
}
