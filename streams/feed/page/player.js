/* The player of a recording: which moment is shown, and how fast time passes. */

import { get, post } from "./api.js";
import { byId, el, moment } from "./web/words.js";

const RATES = [60, 300, 600, 1800, 3600, 14400]; // seconds of the recording for each second
const MINUTE = 60000;

export class Player {
  /* `moved` gets the state of the player after every request for it. */
  constructor(moved) {
    Object.assign(this, { node: byId("player"), slider: byId("moment"), button: byId("play"), rates: byId("rate"), moved, dragging: false });
    this.rates.append(...RATES.map((rate) => el("option", { value: rate }, `${rate}×`)), el("option", { value: "max" }, "fastest"));
    this.button.addEventListener("click", () => this.toggle());
    this.rates.addEventListener("change", () => this.command({ rate: this.rates.value === "max" ? null : Number(this.rates.value) }));
    this.slider.addEventListener("input", () => { this.dragging = true; this.label(this.start + Number(this.slider.value) * MINUTE); });
    this.slider.addEventListener("change", () => {
      this.dragging = false;
      this.command({ seek: new Date(this.start + Number(this.slider.value) * MINUTE).toISOString() });
    });
  }

  begin() {
    this.node.hidden = false;
    this.ask();
  }

  toggle() {
    if (this.playback?.finished) this.command({ playing: true, rate: this.playback.rate ?? 3600, seek: this.playback.start });
    else this.command({ playing: !this.playback?.playing });
  }

  async command(wanted) {
    try {
      this.show(await post("replay", wanted));
    } catch {
      this.ask(); // shows the actual state
    }
  }

  async ask() {
    clearTimeout(this.timer);
    try {
      this.show((await get("replay")).content);
    } catch {
      // the state of the connection shows it
    }
    this.timer = setTimeout(() => this.ask(), document.hidden ? 5000 : this.running ? 500 : 2000);
  }

  get running() {
    return Boolean(this.playback?.playing && !this.playback.finished);
  }

  show(playback) {
    this.playback = playback;
    if (playback.start) {
      this.start = Date.parse(playback.start);
      const end = Date.parse(playback.end ?? playback.readTo ?? playback.start), now = Date.parse(playback.now ?? playback.start);
      this.slider.max = Math.max(1, Math.ceil((end - this.start) / MINUTE));
      if (!this.dragging) {
        this.slider.value = Math.floor((now - this.start) / MINUTE);
        this.label(now);
      }
    }
    const running = this.running;
    this.button.firstElementChild.textContent = running ? "❚❚" : playback.finished ? "↻" : "▶";
    this.button.title = this.button.ariaLabel = `${running ? "Pause" : playback.finished ? "Play from the beginning" : "Play"} (space)`;
    const rate = playback.rate === null ? "max" : String(playback.rate);
    if (![...this.rates.options].some((option) => option.value === rate)) this.rates.append(el("option", { value: rate }, `${playback.rate}×`));
    if (document.activeElement !== this.rates) this.rates.value = rate;
    byId("reading").hidden = playback.end !== null;
    this.moved(playback);
  }

  label(time) {
    byId("moment-text").textContent = moment(time);
    this.slider.setAttribute("aria-valuetext", moment(time));
  }
}
