/* Which sources and processes are alive, since when one is not: a panel under the state of the connection, and the words
   for it. "Alive, nothing to report" looks different from "dead". */

import { Refusal, get } from "./api.js";
import { bdi, byId, clean, el, moment, plural, timeOf } from "./web/words.js";

const NAMES = { decoder: "Decoder", vessels: "Vessels", meetings: "Meetings", cases: "Cases", sink: "Sink" };
const WHAT = { decoder: "reads lines", vessels: "follows vessels", meetings: "finds encounters", cases: "finds chains", sink: "writes what is shown here" };
const SAYS = {
  heard: "heard", recording: "from a recording", ended: "ended",
  silent: "its ingest runs and gets nothing",
  stalled: "nothing comes from its ingest: it has stopped, or the worker is behind",
  lost: "its ingest has died",
  unknown: "not known: the worker that reads it has stopped",
};

export class Sources {
  /* `changed` is called when there is something else to say. */
  constructor(changed) {
    Object.assign(this, { changed, sources: [], processes: [], log: true, node: byId("sources"), button: byId("sources-toggle") });
    this.button.addEventListener("click", () => this.toggle(this.node.hidden));
    addEventListener("keydown", (event) => { if (event.key === "Escape" && !this.node.hidden) { event.stopImmediatePropagation(); this.toggle(false); this.button.focus(); } }, true);
    document.addEventListener("click", (event) => { if (!this.node.hidden && !event.target.closest("#sources, #sources-toggle")) this.toggle(false); });
  }

  /* Takes what `hello` and `sources` say. */
  take({ sources, processes, log }) {
    Object.assign(this, { sources, processes, log });
    this.button.hidden = log && !sources.length && !processes.length;
    const { kind, text } = this.verdict();
    this.button.className = `pill sources-${kind}`;
    byId("sources-text").textContent = text;
    this.draw();
    this.changed();
  }

  /* {kind, text, sentence}, of what matters most. kind: "down" if nothing new can come or that is not known, "part" if some is
     missing, "none" if nothing is running that could be missed, "up". The sentence says all that is known: there is no other. */
  verdict() {
    const stopped = this.processes.filter((one) => one.down), down = this.sources.filter((one) => one.down);
    const wanted = this.sources.filter((one) => one.state !== "ended").length;
    if (!this.log) return { kind: "down", text: "No answer from Redis", sentence: "Redis does not answer the feed: what is running, and whether there are new events, is not known." };
    if (stopped.length) {
      const stages = stopped.filter((one) => one.name !== "sink"), all = stages.length === Object.keys(NAMES).length - 1, known = stopped.every((one) => one.heard);
      const since = stopped.map((one) => one.heard).sort()[0], name = stages.length ? "Worker" : "Sink";
      const who = !stages.length ? "The sink" : all ? "The worker" : `A part of the worker (${stages.map((one) => NAMES[one.name] ?? clean(one.name)).join(", ")})`;
      return { kind: "down", text: known ? `${name} stopped ${since.slice(11, 16)}` : `${name} not running`, sentence: `${who} ${known ? `has been stopped since ${moment(since)}` : "is not running"}: nothing new can come.` };
    }
    if (down.length) {
      const since = down.map((one) => one.since).filter(Boolean).sort()[0] ?? null, all = down.length === wanted;
      return { kind: all ? "down" : "part", text: all && wanted > 1 ? `All ${wanted} sources down` : down.length === 1 ? `Down: ${shortened(down[0].name)}` : `${down.length} of ${wanted} sources down`,
        sentence: `${all ? plural(down.length, "source") : `${down.length} of ${wanted} sources`} down${since ? `${down.length > 1 ? ", the first" : ""} since ${moment(since)}` : ""}: ${all ? "nothing new can come." : "what only they hear is missing."}` };
    }
    if (!this.processes.length) return { kind: "none", text: "Nothing is running", sentence: "No process has been heard of yet." };
    if (!wanted) return { kind: "none", text: "No source is running", sentence: "All processes are alive, but no source is running." };
    return { kind: "up", text: `${plural(wanted, "source")} heard`, sentence: "All sources and processes are alive." };
  }

  async toggle(open) {
    this.node.hidden = !open;
    this.button.setAttribute("aria-expanded", String(open));
    if (!open) return;
    this.draw();
    try {
      this.take((await get("sources")).content);
    } catch (error) {
      if (!(error instanceof Refusal)) throw error; // what is known stays; the state of the connection is beside it
    }
  }

  draw() {
    if (this.node.hidden) return;
    const row = (down, name, says, since, heard) => el("li", { class: down ? "down" : "up" }, el("i", { "aria-hidden": "true" }), el("div", {}, el("b", {}, bdi(name)), " ", el("span", {}, says),
      since && el("span", { class: "small" }, "down since ", timeOf(since)), heard && el("span", { class: "small" }, heard)));
    this.node.replaceChildren(
      el("h2", {}, "Sources"), el("p", { class: "small" }, this.verdict().sentence),
      this.sources.length ? el("ul", {}, this.sources.map((one) => row(one.down, one.name, SAYS[one.state] ?? clean(one.state), one.since,
        one.heard ? ["last line ", timeOf(one.heard)] : one.newest ? ["data to ", timeOf(one.newest)] : one.down ? "no line yet" : null))) : el("p", { class: "small" }, "No source has sent anything."),
      el("h2", {}, "Processes"),
      el("ul", {}, this.processes.map((one) => row(one.down, NAMES[one.name] ?? one.name, one.down ? `${one.heard ? "stopped" : "has never run"}; it ${WHAT[one.name] ?? "works"}` : WHAT[one.name] ?? "", one.down ? one.heard : null, null))),
    );
  }
}

/* Without what tells this run of its ingest from others. */
const shortened = (name) => { const text = clean(name).replace(/#[0-9a-f]{8,}$/, ""); return text.length > 24 ? `${text.slice(0, 23)}…` : text; };
