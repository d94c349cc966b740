/* The state of the connection and the age of the data, always visible. */

import { byId, clock, day, el, moment } from "./web/words.js";

const OLD = 20 * 60 * 1000; // milliseconds. Ticks come every five minutes, and the stages wait for late reports

export class Status {
  constructor(retry) {
    Object.assign(this, { pill: byId("state"), text: byId("state-text"), data: byId("data-time"), mode: "live", state: "connecting", next: 0 });
    Object.assign(this, { offset: 0, watermark: null, sources: null }); // sources: their verdict, once it is known
    this.pill.addEventListener("click", retry);
    setInterval(() => this.draw(), 1000);
  }

  connection(state, next = 0) {
    Object.assign(this, { state, next });
    this.draw();
  }

  /* Takes the server's clock, and the newest time of the data, from a heartbeat. */
  heartbeat({ time, watermark }) {
    this.offset = Date.parse(time) - Date.now();
    if (watermark) this.newest(watermark);
    this.draw();
  }

  atLeast(time) {
    if (this.watermark === null || Date.parse(time) > this.watermark) this.newest(time);
  }

  newest(time) {
    this.watermark = Date.parse(time);
    this.draw();
  }

  draw() {
    const age = this.watermark === null ? null : Math.max(0, Date.now() + this.offset - this.watermark);
    const [kind, text] = this.describe(age);
    this.pill.className = `pill ${kind}`;
    if (this.text.textContent !== text) this.text.textContent = text;
    this.pill.disabled = this.state !== "broken";
    if (this.watermark === null) this.data.textContent = "";
    else {
      const recording = this.mode === "recording";
      const text = recording ? moment(this.watermark) : `${clock(this.watermark)} UTC${age > 12 * 3600e3 ? `, ${day(this.watermark)}` : ""} · ${ago(age)} old`;
      this.data.replaceChildren(...(recording ? [] : [el("span", { class: "wide" }, "Data to ")]), text);
      this.data.dateTime = new Date(this.watermark).toISOString();
      this.data.title = `Your time: ${new Date(this.watermark).toLocaleString(undefined, { dateStyle: "medium", timeStyle: "long" })}`;
    }
  }

  describe(age) {
    if (this.state === "broken") {
      const seconds = Math.max(0, Math.ceil((this.next - Date.now()) / 1000));
      return ["broken", `Disconnected, reconnecting ${seconds ? `in ${seconds} s` : "now"}`];
    }
    if (this.state === "connecting") return ["connecting", "Connecting"];
    if (this.mode === "recording") return ["recording", "Recording"];
    if (this.sources?.kind === "down") return ["down", age === null ? "No data" : "No new data"];
    if (age === null) return ["old", "No data yet"];
    return age > OLD ? ["old", "Data is old"] : ["live", "Live"];
  }

  /* Why the list is empty: nothing to report, or nobody who could. */
  nothing() {
    if (this.mode === "recording") return this.watermark === null ? "No matching events." : `No matching events up to ${moment(this.watermark)} in this recording.`;
    if (this.state === "broken") return "Not connected: whether there are events is not known.";
    if (!this.sources) return "No matching events yet. New ones appear here.";
    const { kind, sentence } = this.sources;
    if (kind !== "up" || this.watermark === null) return `No matching events yet. ${sentence}`;
    return `No matching events yet. ${sentence.replace(/\.$/, "")}; nothing to report up to ${moment(this.watermark)}. New ones appear here.`;
  }
}

function ago(age) {
  const minutes = Math.floor(age / 60000);
  if (minutes < 1) return `${Math.floor(age / 1000)} s`;
  return minutes < 120 ? `${minutes} min` : minutes < 48 * 60 ? `${Math.floor(minutes / 60)} h` : `${Math.floor(minutes / 1440)} days`;
}
