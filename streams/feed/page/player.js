/* The player of a recording: the moment that this page shows, and how fast time passes. The server keeps none of it:
   every request names the moment. */

import { get } from "./api.js";
import { byId, clean, el, moment, number, typeName } from "./web/words.js";

const RATES = [1, 60, 300, 600, 1800, 3600, 14400]; // seconds of the recording for each second
const MINUTE = 60000, HOUR = 60 * MINUTE;
const STEP = 5 * MINUTE; // of the slider and of the keys: the grid on which everything is judged
const FRAME = 400; // milliseconds between two moments that are asked for while time passes
const MARKS = 400; // the most marks on the strip

const LANES = { chain: 0, encounter: 1, dark_encounter: 1 };

export class Player {
  /* `moved(moment, onward)` is called when another moment is to be shown: milliseconds, or null for everything that was
     read. `onward`: time went on from the moment before, without a jump. It returns a promise; the next moment waits for
     it. `opened` gets the id of an event that was chosen on the strip, after the jump to it.
     `read` is called once, when the recording has been read to its end. */
  constructor(moved, opened, read) {
    Object.assign(this, { node: byId("player"), slider: byId("moment"), button: byId("play"), rates: byId("rate"), strip: byId("strip"), moved, opened, read });
    Object.assign(this, { moment: null, playing: false, rate: 600, playback: null, marks: [], known: new Map() });
    this.rates.append(...RATES.map((rate) => el("option", { value: rate }, inWords(rate))));
    this.setRate(this.rate);
    this.button.addEventListener("click", () => this.toggle());
    this.rates.addEventListener("change", () => this.setRate(Number(this.rates.value)));
    this.slider.addEventListener("input", () => this.seek(this.atSlider));
  }

  get start() { return Date.parse(this.playback.start); }
  get end() { return Date.parse(this.playback.readTo); }
  get ended() { return this.playback.end !== null; }
  get atSlider() { return this.start + Number(this.slider.value) * STEP; }

  /* Shows the player, at a moment or at the end. Returns when something has been read. */
  async begin(at) {
    this.moment = at;
    this.node.hidden = false;
    while (!this.playback?.start) {
      await this.ask();
      if (!this.playback?.start) await new Promise((resolve) => { setTimeout(resolve, 300); });
    }
    if (at === null && this.playback.rate !== null) {
      this.setRate(this.playback.rate);
      this.moment = this.start;
      this.play(true);
    }
  }

  /* Lets time pass from now on. */
  run() {
    this.before = performance.now();
    setInterval(() => this.pass(), FRAME / 2);
    this.watch();
  }

  /* Asks how far the recording has been read, until its end. */
  async watch() {
    await this.ask();
    if (this.ended && !this.told) this.read();
    this.told = this.ended;
    if (!this.ended || this.loadedAt !== this.playback.readTo) setTimeout(() => this.watch(), document.hidden ? 5000 : 1000);
  }

  async ask() {
    try {
      this.playback = (await get("replay")).content;
      if (this.playback.start) this.show();
      if (this.playback.start && this.loadedAt !== this.playback.readTo) {
        if (this.loadedAt && this.moment > Date.parse(this.loadedAt)) this.go(this.moment, false); // it had not been read before
        const { events } = (await get("replay/marks")).content;
        this.loadedAt = this.playback.readTo;
        this.known = new Map(events.map((mark) => [mark.id, Date.parse(mark.known)]));
        this.marks = events.filter((mark) => mark.type !== "port_visit" && mark.status !== "retracted").sort((a, b) => a.score - b.score).slice(-MARKS);
        this.drawStrip();
      }
    } catch {
      // the state of the connection shows it
    }
  }

  pass() {
    const now = performance.now(), passed = now - this.before;
    if (!this.playing || passed < FRAME || this.busy) return;
    this.before = now;
    const to = this.moment + passed * this.rate;
    if (to < this.end) this.go(to, true);
    else if (this.ended) this.seek(null);
    else this.go(this.end, true); // it waits for the reader
  }

  async go(to, onward) {
    this.moment = to;
    this.show();
    const asking = (this.busy = {});
    try {
      await this.moved(to, onward);
    } finally {
      if (this.busy === asking) this.busy = null;
    }
  }

  /* Goes to a moment and stays there. The last moment is null. */
  seek(to) {
    this.play(false);
    const within = to === null || (this.ended && to >= this.end) ? null : Math.max(this.start, to);
    return this.go(within, false);
  }

  /* Goes on or back by so many milliseconds. */
  step(by) {
    if (this.playback) this.seek((this.moment ?? this.end) + by);
  }

  /* Goes to the next event on the strip that became known later, or to the one before. */
  jump(by) {
    const now = this.moment ?? this.end, times = this.marks.map((mark) => Date.parse(mark.known));
    const to = by > 0 ? Math.min(...times.filter((time) => time > now)) : Math.max(...times.filter((time) => time < now));
    if (Number.isFinite(to)) this.seek(to);
  }

  /* The moment at which an event became known, if that is still ahead; else null. */
  ahead(id) {
    const known = this.known.get(id);
    return this.moment !== null && known > this.moment ? known : null;
  }

  toggle() {
    if (!this.playing && this.moment === null) this.go(this.start, false); // at the end, it plays from the beginning
    this.play(!this.playing);
  }

  play(playing) {
    this.playing = playing;
    this.before = performance.now();
    this.show();
  }

  setRate(rate) {
    this.rate = rate;
    if (![...this.rates.options].some((option) => Number(option.value) === rate)) this.rates.append(el("option", { value: rate }, inWords(rate)));
    this.rates.value = String(rate);
  }

  /* What keys do, by key. */
  get keys() {
    return {
      " ": () => this.toggle(), ",": () => this.step(-STEP), ".": () => this.step(STEP), "<": () => this.step(-HOUR), ">": () => this.step(HOUR),
      p: () => this.jump(-1), n: () => this.jump(1), "[": () => this.faster(-1), "]": () => this.faster(1), Home: () => this.step(-Infinity), End: () => this.seek(null),
    };
  }

  /* Takes the next faster or slower rate. */
  faster(by) {
    const sorted = [...this.rates.options].map((option) => Number(option.value)).sort((a, b) => a - b);
    this.setRate(sorted[Math.min(sorted.length - 1, Math.max(0, sorted.indexOf(this.rate) + by))]);
  }

  show() {
    if (!this.playback?.start) return;
    const now = this.moment ?? this.end;
    this.slider.max = Math.max(1, Math.ceil((this.end - this.start) / STEP));
    this.slider.value = Math.round((now - this.start) / STEP);
    byId("moment-text").textContent = moment(now);
    this.slider.setAttribute("aria-valuetext", moment(now));
    const doing = this.playing ? "Pause" : this.moment === null ? "Play from the beginning" : "Play";
    this.button.firstElementChild.textContent = this.playing ? "❚❚" : this.moment === null ? "↻" : "▶";
    this.button.title = this.button.ariaLabel = `${doing} (space)`;
    byId("reading").hidden = this.ended;
  }

  /* Bars from start to end of each event, to jump to the moment when it became known. */
  drawStrip() {
    const span = Math.max(1, this.end - this.start), share = (time) => `${(100 * (time - this.start)) / span}%`;
    this.strip.replaceChildren(...this.marks.map((mark) => {
      const from = Math.max(this.start, Date.parse(mark.start)), to = mark.end ? Date.parse(mark.end) : this.end, known = Date.parse(mark.known);
      const bar = el("button", { type: "button", tabindex: -1, class: `type-${clean(mark.type)} ${mark.level} lane-${LANES[mark.type] ?? 2}`,
        title: `${typeName(mark.type)}, ${mark.level}, score ${number(mark.score)}. Known from ${moment(known)}`,
        click: () => this.seek(known).then(() => this.opened(mark.id)) });
      bar.style.left = share(from);
      bar.style.width = `calc(${share(Math.max(from, to))} - ${share(from)})`;
      return bar;
    }));
  }
}

/* "10 minutes a second" */
function inWords(rate) {
  if (rate === 1) return "as it happened";
  const [size, name] = rate >= 3600 ? [3600, "hour"] : rate >= 60 ? [60, "minute"] : [1, "second"];
  return `${number(rate / size)} ${name}${rate === size ? "" : "s"} a second`;
}
