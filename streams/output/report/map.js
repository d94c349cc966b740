/* The map: Web Mercator on a canvas. The world is one unit wide. Longitudes may run past 180, and every layer is drawn
   once for each copy of the world in sight, so that nothing breaks at the antimeridian. */

const data = JSON.parse(byId("data").textContent);
const DEGREE = 100000;
const mercatorX = (lon) => (lon + 180) / 360;
const mercatorY = (lat) => {
  const sine = Math.sin((Math.min(85, Math.max(-85, lat)) * Math.PI) / 180);
  return 0.5 - Math.log((1 + sine) / (1 - sine)) / (4 * Math.PI);
};
const latitude = (y) => (360 / Math.PI) * Math.atan(Math.exp((0.5 - y) * 2 * Math.PI)) - 90;
const near = (lon, centre) => centre + turned(lon - centre);

/* A path from differences in whole steps: its projected points and their box. */
function pathFrom(steps) {
  const points = new Float64Array(steps.length), box = [Infinity, Infinity, -Infinity, -Infinity];
  for (let i = 0, lon = 0, lat = 0; i < steps.length; i += 2) {
    lon += steps[i];
    lat += steps[i + 1];
    const x = (points[i] = mercatorX(lon / DEGREE)), y = (points[i + 1] = mercatorY(lat / DEGREE));
    box[0] = Math.min(box[0], x); box[1] = Math.min(box[1], y);
    box[2] = Math.max(box[2], x); box[3] = Math.max(box[3], y);
  }
  return { points, box };
}

const boxFrom = ([west, south, east, north]) => [mercatorX(west), mercatorY(north), mercatorX(east), mercatorY(south)];

function sums(differences) {
  let sum = 0;
  return differences.map((each) => (sum += each));
}

class SeaMap {
  constructor(canvas, tip, where, onSelect) {
    Object.assign(this, { canvas, tip, where, onSelect, ctx: canvas.getContext("2d"), events: [], chosen: null, instant: [] });
    this.centreLon = (data.extent[0] + data.extent[2]) / 2;
    this.land = data.land.map((layer) => ({ box: boxFrom(layer.box), rings: layer.rings.map(pathFrom) }));
    this.fences = data.fences.map((fence) => ({ ...fence, rings: fence.rings.map(pathFrom) }));
    this.fences.forEach((fence) => { fence.box = union(fence.rings.map((ring) => ring.box)); });
    this.tracks = data.tracks.map((track) => ({
      mmsi: track.mmsi,
      pieces: track.pieces.map((piece) => ({ ...pathFrom(piece.p), times: sums(piece.t), speeds: piece.v })),
    }));
    this.names = new Map(data.events.flatMap(({ event }) => vesselsOf(event)).map((v) => [v.ssvid, vesselName(v)]));
    this.view = { x: 0.5, y: 0.5, zoom: 2 };
    new ResizeObserver(() => this.resize()).observe(canvas);
    this.resize();
    this.showAll();
    this.listen();
  }

  resize() {
    const ratio = window.devicePixelRatio || 1;
    this.width = this.canvas.clientWidth;
    this.height = this.canvas.clientHeight;
    this.canvas.width = Math.round(this.width * ratio);
    this.canvas.height = Math.round(this.height * ratio);
    this.ctx.setTransform(ratio, 0, 0, ratio, 0, 0);
    if (this.fitted) this.fit(...this.fitted);
    this.draw();
  }

  get size() { return 256 * 2 ** this.view.zoom; }
  screenX(x) { return (x - this.view.x) * this.size + this.width / 2; }
  screenY(y) { return (y - this.view.y) * this.size + this.height / 2; }

  showAll() { this.fit(boxFrom(data.extent), 0.12); }

  /* The view stays fitted when the size changes, until the reader moves it. */
  fit(box, least) {
    this.fitted = [box, least];
    const [dx, dy] = [box[2] - box[0], box[3] - box[1]];
    const zoom = Math.log2(Math.min(this.width / Math.max(dx, least / 360), this.height / Math.max(dy, least / 360)) * 0.82 / 256);
    this.view = { x: (box[0] + box[2]) / 2, y: (box[1] + box[3]) / 2, zoom: Math.min(17, Math.max(1, zoom)) };
    this.later();
  }

  zoomBy(steps, at = [this.width / 2, this.height / 2]) {
    const zoom = Math.min(18, Math.max(0.5, this.view.zoom + steps)), shift = 1 / this.size - 1 / (256 * 2 ** zoom);
    this.fitted = null;
    this.view.x += (at[0] - this.width / 2) * shift;
    this.view.y += (at[1] - this.height / 2) * shift;
    this.view.zoom = zoom;
    this.later();
  }

  pan(dx, dy) {
    this.fitted = null;
    this.view.x -= dx / this.size;
    this.view.y = Math.min(1, Math.max(0, this.view.y - dy / this.size));
    this.later();
  }

  /* The events to show, each at the copy of its position that is near the centre of the data. */
  setEvents(events) {
    this.events = events.map((event) => ({ event,
      x: mercatorX(near(event.position.lon, this.centreLon)), y: mercatorY(event.position.lat) }));
    this.later();
  }

  /* The chosen event: the tracks and samples of its vessels are highlighted. */
  choose(event) {
    const lon = event && near(event.position.lon, this.centreLon);
    const at = (sample) => [mercatorX(near(sample.lon, lon)), mercatorY(sample.lat)];
    this.chosen = event && { event, tones: vesselsOf(event).map((vessel, i) => ({ mmsi: vessel.ssvid, tone: "ab"[i],
      samples: event.evidence.positions.filter((s) => s.ssvid === vessel.ssvid).map((s) => ({ time: Date.parse(s.time), at: at(s) })) })) };
    this.instant = [];
    this.later();
  }

  zoomTo() {
    const points = this.chosen.tones.flatMap(({ samples }) => samples.map((sample) => sample.at));
    const lon = near(this.chosen.event.position.lon, this.centreLon);
    points.push([mercatorX(lon), mercatorY(this.chosen.event.position.lat)]);
    this.fit(union(points.map(([x, y]) => [x, y, x, y])), 0.02);
  }

  /* Moves the map only as far as needed to make the chosen event visible. */
  reveal() {
    const mark = this.events.find(({ event }) => event.id === this.chosen.event.id), away = 24 / this.size;
    const [dx, dy] = [this.width / 2 / this.size - away, this.height / 2 / this.size - away];
    if (!mark || (Math.abs(mark.x - this.view.x) < dx && Math.abs(mark.y - this.view.y) < dy)) return;
    this.fitted = null;
    Object.assign(this.view, { x: mark.x, y: mark.y });
    this.later();
  }

  /* Shows where the chosen vessels were at a time, interpolated between samples. */
  showTime(t) {
    this.instant = t === null || !this.chosen ? [] : this.chosen.tones.flatMap(({ samples, tone }) => {
      const next = samples.findIndex((sample) => sample.time >= t);
      if (next < 1) return [];
      const [before, after] = [samples[next - 1], samples[next]], share = (t - before.time) / (after.time - before.time || 1);
      return [{ tone, at: before.at.map((value, i) => value + share * (after.at[i] - value)) }];
    });
    this.later();
  }

  later() {
    if (!this.waiting) this.waiting = requestAnimationFrame(() => { this.waiting = 0; this.draw(); });
  }

  draw() {
    forgetColours();
    this.taken = [];
    this.ctx.fillStyle = colour("sea");
    this.ctx.fillRect(0, 0, this.width, this.height);
    const half = this.width / 2 / this.size;
    const copies = [];
    for (let turn = Math.floor(this.view.x - half) - 1; turn <= this.view.x + half; turn++) copies.push(turn);
    const each = (paint) => copies.forEach((turn) => this.copied(turn, paint));
    each(() => this.land.forEach((layer) => this.drawLand(layer)));
    each(() => this.fences.forEach((fence) => this.drawFence(fence)));
    each(() => this.tracks.forEach((track) => this.drawTrack(track)));
    each(() => this.drawChosen());
    const last = ({ event }) => event.id === this.chosen?.event.id;
    const marks = [...this.events.filter((mark) => !last(mark)), ...this.events.filter(last)];
    each(() => marks.forEach((mark) => this.drawEvent(mark)));
    each(() => this.drawNames());
    this.drawScale();
  }

  copied(turn, paint) {
    this.view.x -= turn;
    paint();
    this.view.x += turn;
  }

  seen(box) {
    return this.screenX(box[2]) > -20 && this.screenX(box[0]) < this.width + 20
      && this.screenY(box[3]) > -20 && this.screenY(box[1]) < this.height + 20;
  }

  trace({ points }) {
    let px = NaN, py = NaN;
    for (let i = 0; i < points.length; i += 2) {
      const x = this.screenX(points[i]), y = this.screenY(points[i + 1]);
      if (i === 0) this.ctx.moveTo(x, y);
      else if (Math.abs(x - px) + Math.abs(y - py) < 0.7 && i < points.length - 2) continue;
      else this.ctx.lineTo(x, y);
      [px, py] = [x, y];
    }
  }

  drawLand({ box, rings }) {
    if (!this.seen(box)) return;
    const ctx = this.ctx;
    const [left, top, right, bottom] = [this.screenX(box[0]), this.screenY(box[1]), this.screenX(box[2]), this.screenY(box[3])].map(Math.round);
    ctx.save();
    ctx.beginPath();
    ctx.rect(left, top, right - left, bottom - top);
    ctx.clip();
    ctx.fillStyle = colour("sea");
    ctx.fillRect(left, top, right - left, bottom - top);
    ctx.beginPath();
    rings.filter((ring) => this.seen(ring.box)).forEach((ring) => this.trace(ring));
    ctx.fillStyle = colour("land");
    ctx.fill("evenodd");
    ctx.strokeStyle = colour("coast");
    ctx.lineWidth = 0.8;
    ctx.stroke();
    ctx.restore();
  }

  drawFence(fence) {
    if (!this.seen(fence.box)) return;
    const ctx = this.ctx;
    ctx.beginPath();
    fence.rings.forEach((ring) => { this.trace(ring); ctx.closePath(); });
    ctx.fillStyle = ctx.strokeStyle = colour(`fence-${fence.kind}`, "fence-port");
    ctx.globalAlpha = 0.1;
    ctx.fill("evenodd");
    ctx.globalAlpha = 0.9;
    ctx.lineWidth = 1.2;
    ctx.setLineDash(fence.kind.endsWith("area") ? [5, 4] : []);
    ctx.stroke();
    ctx.setLineDash([]);
    ctx.globalAlpha = 1;
  }

  drawTrack(track) {
    const tone = this.chosen?.tones.find((each) => each.mmsi === track.mmsi)?.tone;
    const named = this.names.has(track.mmsi);
    this.ctx.strokeStyle = this.ctx.fillStyle = colour(tone ?? (named ? "track" : "track-other"));
    this.ctx.lineWidth = tone ? 2.2 : named ? 1.5 : 1;
    this.ctx.globalAlpha = this.chosen && !tone ? 0.55 : 1;
    for (const piece of track.pieces) {
      if (!this.seen(piece.box)) continue;
      if (piece.points.length === 2) this.dot(piece.points, 1.3);
      this.ctx.beginPath();
      this.trace(piece);
      this.ctx.stroke();
    }
    this.ctx.globalAlpha = 1;
  }

  dot([x, y], radius) {
    this.ctx.beginPath();
    this.ctx.arc(this.screenX(x), this.screenY(y), radius, 0, 2 * Math.PI);
    this.ctx.fill();
  }

  drawChosen() {
    if (!this.chosen) return;
    for (const { tone, samples } of this.chosen.tones) {
      this.ctx.fillStyle = colour(tone);
      samples.forEach((sample) => this.dot(sample.at, 2.4));
    }
    for (const { tone, at } of this.instant) {
      this.ctx.fillStyle = colour(tone);
      this.dot(at, 6);
      this.ctx.lineWidth = 2;
      this.ctx.strokeStyle = colour("paper");
      this.ctx.stroke();
    }
  }

  /* A disc for an encounter, a diamond for loitering, a square for a port visit; hollow if only possible. */
  drawEvent({ event, x, y }) {
    const ctx = this.ctx, left = this.screenX(x), top = this.screenY(y), radius = 7;
    if (!this.seen([x, y, x, y])) return;
    ctx.beginPath();
    if (event.type.includes("encounter")) ctx.arc(left, top, radius, 0, 2 * Math.PI);
    else if (event.type.includes("port")) ctx.rect(left - 6, top - 6, 12, 12);
    else [[0, -8], [8, 0], [0, 8], [-8, 0]].forEach(([dx, dy], i) => ctx[i ? "lineTo" : "moveTo"](left + dx, top + dy));
    ctx.closePath();
    ctx.lineWidth = 5;
    ctx.strokeStyle = colour("paper");
    ctx.stroke();
    const retracted = event.status === "retracted";
    ctx.strokeStyle = colour(retracted ? "faint" : `type-${event.type}`);
    ctx.fillStyle = event.level === "probable" && !retracted ? ctx.strokeStyle : colour("paper");
    ctx.fill();
    ctx.lineWidth = 2.5;
    ctx.stroke();
    if (retracted) { ctx.beginPath(); ctx.moveTo(left - 9, top + 9); ctx.lineTo(left + 9, top - 9); ctx.stroke(); }
    if (this.chosen?.event.id === event.id) {
      ctx.beginPath();
      ctx.arc(left, top, 13, 0, 2 * Math.PI);
      ctx.strokeStyle = colour("ink");
      ctx.lineWidth = 2;
      ctx.stroke();
    }
    this.taken.push([left - 9, top - 9, left + 9, top + 9]);
  }

  drawNames() {
    for (const { mmsi, tone, samples } of this.chosen?.tones ?? []) {
      const at = samples.at(-1)?.at;
      if (at) this.label(this.names.get(mmsi), this.screenX(at[0]), this.screenY(at[1]), colour(tone), 18);
    }
    for (const { box, name, kind } of this.fences) {
      const wide = this.screenX(box[2]) - this.screenX(box[0]);
      if (!this.seen(box) || (wide < 36 && this.view.zoom < 9.5)) continue;
      this.label(name, this.screenX((box[0] + box[2]) / 2), this.screenY((box[1] + box[3]) / 2),
        colour(`fence-${kind}`, "fence-port"), 0);
    }
  }

  /* Writes a name beside or at a place, unless it would cover another one. */
  label(words, x, y, tone, aside) {
    const ctx = this.ctx, text = clean(words).slice(0, 40);
    ctx.font = `${aside ? "600 " : ""}12px system-ui, sans-serif`;
    const wide = ctx.measureText(text).width;
    const tries = aside ? [[aside, 4], [-aside - wide, 4], [-wide / 2, -aside], [-wide / 2, aside + 8], [aside, 22]] : [[-wide / 2, 4], [-wide / 2, 22], [-wide / 2, -14]];
    for (const [dx, dy] of tries) {
      const box = [x + dx - 3, y + dy - 12, x + dx + wide + 3, y + dy + 4];
      if (box[0] < 0 || box[2] > this.width || this.taken.some((other) => box[0] < other[2] && box[2] > other[0] && box[1] < other[3] && box[3] > other[1])) continue;
      this.taken.push(box);
      ctx.lineWidth = 3.5;
      ctx.lineJoin = "round";
      ctx.strokeStyle = colour("paper");
      ctx.strokeText(text, x + dx, y + dy);
      ctx.fillStyle = tone;
      ctx.fillText(text, x + dx, y + dy);
      return;
    }
  }

  drawScale() {
    const metres = (40075017 * Math.cos((latitude(this.view.y) * Math.PI) / 180)) / this.size;
    const step = niceStep(metres * 110, 1), length = (step > metres * 150 ? step / 2 : step) / metres;
    const ctx = this.ctx, left = 12, top = this.height - 14, long = length * metres;
    ctx.strokeStyle = ctx.fillStyle = colour("ink");
    ctx.lineWidth = 1.5;
    ctx.beginPath();
    ctx.moveTo(left, top - 5); ctx.lineTo(left, top); ctx.lineTo(left + length, top); ctx.lineTo(left + length, top - 5);
    ctx.stroke();
    ctx.font = "12px system-ui, sans-serif";
    ctx.fillText(`${kilometres(long / 1000)} · ${number(long / 1852, long < 18520 ? 2 : 0)} nm`, left + 2, top - 9);
  }

  listen() {
    const canvas = this.canvas, pointers = new Map();
    let moved = 0;
    const spot = (event) => { const box = canvas.getBoundingClientRect(); return [event.clientX - box.left, event.clientY - box.top]; };
    const apart = () => { const [one, two] = [...pointers.values()]; return Math.hypot(one[0] - two[0], one[1] - two[1]); };
    canvas.addEventListener("pointerdown", (event) => {
      canvas.setPointerCapture(event.pointerId);
      if (pointers.size === 0) moved = 0;
      pointers.set(event.pointerId, spot(event));
    });
    canvas.addEventListener("pointermove", (event) => {
      const at = spot(event), before = pointers.get(event.pointerId);
      if (!before) { this.hover(at); return; }
      const share = 1 / pointers.size, wide = pointers.size === 2 && apart();
      pointers.set(event.pointerId, at);
      moved += Math.abs(at[0] - before[0]) + Math.abs(at[1] - before[1]);
      this.pan((at[0] - before[0]) * share, (at[1] - before[1]) * share);
      if (wide) this.zoomBy(Math.log2(apart() / wide), middle([...pointers.values()]));
    });
    const lift = (event) => { if (pointers.delete(event.pointerId) && event.type === "pointerup" && moved < 5) this.click(spot(event)); };
    for (const name of ["pointerup", "pointercancel"]) canvas.addEventListener(name, lift);
    canvas.addEventListener("pointerleave", () => { this.tip.hidden = true; this.where.textContent = ""; });
    canvas.addEventListener("wheel", (event) => {
      event.preventDefault();
      this.zoomBy(-event.deltaY * (event.deltaMode ? 0.05 : event.ctrlKey ? 0.01 : 0.002), spot(event));
    }, { passive: false });
    canvas.addEventListener("keydown", (event) => {
      const act = { ArrowLeft: () => this.pan(80, 0), ArrowRight: () => this.pan(-80, 0), ArrowUp: () => this.pan(0, 80),
        ArrowDown: () => this.pan(0, -80), "+": () => this.zoomBy(0.5), "=": () => this.zoomBy(0.5), "-": () => this.zoomBy(-0.5),
        0: () => this.showAll() }[event.key];
      if (act && !event.ctrlKey && !event.metaKey && !event.altKey) { event.preventDefault(); act(); }
    });
    byId("zoom-in").addEventListener("click", () => this.zoomBy(1));
    byId("zoom-out").addEventListener("click", () => this.zoomBy(-1));
    byId("zoom-all").addEventListener("click", () => this.showAll());
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.later());
  }

  /* Distance on the screen to a place, in the nearest copy of the world. */
  distance([x, y], at) {
    const turns = Math.round(this.view.x - x + (at[0] - this.width / 2) / this.size);
    return Math.hypot(this.screenX(x + turns) - at[0], this.screenY(y) - at[1]);
  }

  under(at) {
    return this.events.filter(({ x, y }) => this.distance([x, y], at) < 14).map((mark) => mark.event);
  }

  /* A second click at the same place chooses the next event there. */
  click(at) {
    const found = this.under(at);
    const next = (found.findIndex((event) => event.id === this.chosen?.event.id) + 1) % found.length;
    if (found.length) this.onSelect(found[next]);
  }

  hover(at) {
    const lon = (this.view.x + (at[0] - this.width / 2) / this.size) * 360 - 180;
    const y = this.view.y + (at[1] - this.height / 2) / this.size;
    this.where.textContent = place(lon, latitude(y));
    const events = this.under(at);
    const lines = events.slice(0, 5).map((event) => `${typeName(event.type)}: ${vesselsOf(event).map(vesselName).join(", ")}`);
    if (events.length > 5) lines.push(`and ${events.length - 5} more`);
    const fix = lines.length ? null : this.fixAt(at);
    if (fix) lines.push(`${this.names.get(fix.mmsi) ?? `MMSI ${fix.mmsi}`}`, `${moment(fix.time * 1000)}${fix.speed < 0 ? "" : `, ${number(fix.speed / 10, 1)} kn`}`);
    if (!lines.length) lines.push(...this.fencesAt((lon + 180) / 360, y).map(({ name, kind, country: code }) => `${name} (${human(kind)}${code ? `, ${code}` : ""})`));
    this.canvas.classList.toggle("over", events.length > 0);
    this.tip.hidden = !lines.length;
    this.tip.replaceChildren(...lines.map((line) => el("div", {}, bdi(line))));
    this.tip.style.left = `${Math.max(4, Math.min(at[0] + 14, this.width - this.tip.offsetWidth - 4))}px`;
    this.tip.style.top = `${at[1] > this.height - 90 ? at[1] - this.tip.offsetHeight - 10 : at[1] + 16}px`;
  }

  fixAt(at) {
    let best = 9, found = null;
    for (const { mmsi, pieces } of this.tracks) {
      for (const { points, times, speeds } of pieces) {
        for (let i = 0; i < times.length; i++) {
          const away = this.distance([points[2 * i], points[2 * i + 1]], at);
          if (away < best) { best = away; found = { mmsi, time: times[i], speed: speeds[i] }; }
        }
      }
    }
    return found;
  }

  fencesAt(x, y) {
    return this.fences.filter(({ rings, box }) => {
      const turn = Math.round((box[0] + box[2]) / 2 - x);
      return rings.reduce((inside, ring) => inside !== holds(ring.points, x + turn, y), false);
    });
  }
}

function holds(points, x, y) {
  let inside = false;
  for (let i = 0, j = points.length - 2; i < points.length; j = i, i += 2) {
    const [x1, y1, x2, y2] = [points[i], points[i + 1], points[j], points[j + 1]];
    if (y1 > y !== y2 > y && x < ((x2 - x1) * (y - y1)) / (y2 - y1) + x1) inside = !inside;
  }
  return inside;
}

const middle = ([one, two]) => [(one[0] + two[0]) / 2, (one[1] + two[1]) / 2];
const union = (boxes) => boxes.reduce((all, box) => [Math.min(all[0], box[0]), Math.min(all[1], box[1]),
  Math.max(all[2], box[2]), Math.max(all[3], box[3])], [Infinity, Infinity, -Infinity, -Infinity]);
