/* A plot over time as SVG: axes with units, thresholds as lines, and the values under the pointer. */

import { bdi, clock, day, el, number } from "./words.js";

const STEPS = [1, 2, 5, 10, 15, 30, 60, 120, 180, 360, 720, 1440, 2880, 10080, 40320].map((m) => m * 60000);
export const SILENT = 3600000; // milliseconds. No line is drawn through a longer silence

export function niceStep(span, count) {
  const rough = span / count, power = 10 ** Math.floor(Math.log10(rough));
  return power * [1, 2, 5, 10].find((factor) => factor * power >= rough);
}

function timeTicks(from, to, count) {
  const step = STEPS.find((each) => (to - from) / each <= count) ?? STEPS.at(-1);
  const ticks = [];
  for (let t = Math.ceil(from / step) * step; t <= to; t += step) ticks.push(t);
  return ticks;
}

function pathOf(points, x, y) {
  let path = "", before = -Infinity;
  for (const [t, value] of points) {
    path += `${t - before > SILENT ? "M" : "L"}${x(t).toFixed(1)} ${y(value).toFixed(1)}`;
    before = t;
  }
  return path;
}

/* spec: title, unit, digits, from, to, event [start, end], series [{name, tone, points}],
   limits [{value, name}], onTime(t or null). */
export function plot(width, spec) {
  const height = 210, left = 48, right = 14, top = 22, bottom = 40;
  const lines = spec.series.filter((each) => each.points.length);
  const values = lines.flatMap((each) => each.points.map((point) => point[1]));
  const most = Math.max(...values, ...spec.limits.map((limit) => limit.value)) * 1.08 || 1;
  const step = niceStep(most, 4), ceiling = Math.ceil(most / step) * step;
  const from = spec.from, to = Math.max(spec.to, from + 60000);
  const x = (t) => left + ((t - from) / (to - from)) * (width - left - right);
  const y = (value) => height - bottom - (Math.max(0, value) / ceiling) * (height - top - bottom);

  const root = el("svg", { viewBox: `0 0 ${width} ${height}`, role: "img", class: "plot",
    "aria-label": `${spec.title}: ${lines.map((each) => rangeOf(each, spec)).join("; ")}` });
  const [start, end] = spec.event.map((t) => x(Math.min(Math.max(t, from), to)));
  root.append(el("rect", { x: start, y: top, width: Math.max(1, end - start), height: height - top - bottom, class: "during" }));
  for (let value = 0; value <= ceiling * 1.0001; value += step) {
    root.append(
      el("line", { x1: left, x2: width - right, y1: y(value), y2: y(value), class: value ? "grid" : "axis" }),
      el("text", { x: left - 7, y: y(value) + 4, class: "end" }, number(value, 3)),
    );
  }
  root.append(el("text", { x: left - 7, y: 11, class: "end unit" }, spec.unit));
  timeAxis(root, from, to, x, height - bottom, Math.max(2, (width - left - right) / 72));
  root.append(...spec.limits.map(({ value }) => el("line", { x1: left, x2: width - right, y1: y(value), y2: y(value), class: "limit" })));
  for (const each of lines) {
    root.append(el("path", { d: pathOf(each.points, x, y), class: `series ${each.tone}` }));
    for (const [t, value] of each.points.length < 150 ? each.points : []) {
      root.append(el("circle", { cx: x(t), cy: y(value), r: 1.8, class: each.tone }));
    }
  }
  const drawn = lines.flatMap((each) => each.points.map(([t, value]) => [x(t), y(value)]));
  root.append(...spec.limits.map(({ value, name }) => limitName(name, y(value) - 4, [left + 4, width / 2, width - right], drawn)));
  const readout = el("p", { class: "readout" });
  readAlong(root, { x, from, to, left, right, width, top, foot: height - bottom }, lines, spec, readout);
  const keys = lines.map((each) => el("span", { class: "key" }, el("i", { class: each.tone }), bdi(each.name)));
  return el("figure", {}, el("figcaption", {}, el("b", {}, spec.title), keys), root, readout);
}

function rangeOf(series, spec) {
  const values = series.points.map((point) => point[1]);
  const [low, high] = [Math.min(...values), Math.max(...values)].map((value) => number(value, spec.digits));
  return `${series.name} between ${low} and ${high} ${spec.unit}`;
}

/* The name of a limit, at the left, in the middle or at the right, wherever the curves leave the most room. */
function limitName(name, y, places, drawn) {
  const wide = name.length * 7, starts = [0, -wide / 2, -wide];
  const room = places.map((x, i) => Math.min(...drawn.filter((at) => at[0] > x + starts[i] && at[0] < x + starts[i] + wide)
    .map((at) => Math.abs(at[1] - y + 4))));
  const best = room.lastIndexOf(Math.max(...room));
  return el("text", { x: places[best], y, class: `limit ${["", "middle", "end"][best]}` }, name);
}

function timeAxis(root, from, to, x, foot, count) {
  let before = null;
  for (const t of timeTicks(from, to, count)) {
    root.append(el("line", { x1: x(t), x2: x(t), y1: foot, y2: foot + 4, class: "axis" }));
    root.append(el("text", { x: x(t), y: foot + 17, class: "middle" }, clock(t)));
    if (day(t) !== before) root.append(el("text", { x: x(t), y: foot + 32, class: "middle date" }, `${day(t)} UTC`));
    before = day(t);
  }
}

function readAlong(root, box, lines, spec, readout) {
  const cursor = el("line", { y1: box.top, y2: box.foot, class: "cursor", visibility: "hidden" });
  const nearest = (points, t) => points.reduce((best, point) => (Math.abs(point[0] - t) < Math.abs(best[0] - t) ? point : best));
  root.append(cursor);
  root.addEventListener("pointermove", (event) => {
    const bounds = root.getBoundingClientRect();
    const share = ((event.clientX - bounds.left) / bounds.width * box.width - box.left) / (box.width - box.left - box.right);
    const t = box.from + Math.min(1, Math.max(0, share)) * (box.to - box.from);
    for (const end of ["x1", "x2"]) cursor.setAttribute(end, box.x(t));
    cursor.setAttribute("visibility", "visible");
    const said = lines.map((each) => [each, nearest(each.points, t)]).filter(([, point]) => Math.abs(point[0] - t) < SILENT);
    readout.replaceChildren(...said.flatMap(([each, point], i) => [i ? " · " : `${clock(t)} UTC: `, bdi(each.name),
      ` ${number(point[1], spec.digits)} ${spec.unit}`]));
    spec.onTime(t);
  });
  root.addEventListener("pointerleave", () => {
    cursor.setAttribute("visibility", "hidden");
    readout.replaceChildren();
    spec.onTime(null);
  });
}
