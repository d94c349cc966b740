/* Drawing fences on the map: a list of those that were drawn, and an outline whose corners are set by clicks, or by
   the keyboard at the middle of the map, and can be dragged. */

import { Refusal, addressOf, get, send } from "./api.js";
import { REVIEWER } from "./review.js";
import { bdi, byId, el, plural, timeOf } from "./web/words.js";

const { L } = window;
const LEAST = 3, MOST = 499; // corners; the server takes 500 positions, and the first one is sent again as the last
const LATE = 900_000; // milliseconds after which a fence that does not count yet may not have arrived

export class FenceTool {
  /* on: shown() after the tool was opened, changed() after a fence was, signIn() if a token is needed. */
  constructor(map, on) {
    Object.assign(this, { map, on, layer: L.layerGroup().addTo(map), corners: [], edited: null, drawing: false, fences: [], note: "", touched: false, failed: "" });
    this.button = el("button", { type: "button", id: "draw", "aria-label": "Draw fences", "aria-pressed": "false", title: "Draw fences (d)", click: () => this.toggle() }, "⬠");
    byId("zoom").append(this.button);
    this.box = el("section", { id: "fence-tool", "aria-label": "Drawn fences", hidden: true });
    byId("chart").append(this.box);
    L.DomEvent.disableClickPropagation(this.box);
    this.box.addEventListener("keydown", (event) => {
      if (event.key !== "Escape") return;
      event.stopPropagation();
      this.escape();
    });
  }

  /* Whether clicks on the map set corners. */
  get takesClicks() {
    return this.drawing && !this.fixed;
  }

  get open() {
    return !this.box.hidden;
  }

  async toggle(open = !this.open) {
    if (this.open && this.keeps()) return;
    this.stop();
    this.box.hidden = !open;
    this.button.setAttribute("aria-pressed", String(open));
    if (!open) return;
    this.on.shown();
    this.list();
    await this.refresh();
  }

  /* Whether something drawn or typed would be lost by this: then it says so, and does not keep it a second time. */
  keeps() {
    if (!this.touched) return false;
    this.touched = false;
    this.problem.textContent = "What you have drawn is not saved. Do that again to discard it.";
    return true;
  }

  touch() {
    this.touched = true;
    this.problem.textContent = "";
  }

  /* One step back: from an outline to the list, from the list to the map. */
  escape() {
    if (this.keeps()) return;
    if (this.drawing) this.list();
    else this.toggle(false);
    this.button.focus();
  }

  /* The fences as they stand: somebody may have changed one. A list that stays the same is not drawn anew, as that takes
     the click of who is just pressing one of its buttons. */
  async refresh() {
    if (!this.open) return;
    await this.load();
    if (!this.drawing && this.listed !== this.content) this.list();
  }

  get content() {
    return JSON.stringify([this.fences, this.note, this.failed, this.known]);
  }

  async load() {
    try {
      const { content } = await get("fences");
      Object.assign(this, { note: content.note, failed: "", fences: content.fences.sort((a, b) => a.name.localeCompare(b.name)) });
      this.known = true;
    } catch (error) {
      this.failed = error.message;
      this.refused(error);
    }
  }

  stop() {
    Object.assign(this, { drawing: false, edited: null, corners: [], fixed: false, touched: false });
    this.layer.clearLayers();
    this.map.doubleClickZoom.enable();
    this.map.getContainer().classList.remove("measuring");
  }

  /* ---- the list ---- */

  list() {
    this.stop();
    this.listed = this.content;
    const rows = this.fences.map((fence) => el("li", {},
      el("button", { type: "button", class: "quiet", click: () => this.edit(fence) }, bdi(fence.name)),
      el("span", { class: "small" }, ...state(fence), " · ", bdi(fence.by))));
    this.problem = el("p", { class: "problem", role: "alert" }, bdi(this.failed));
    this.box.replaceChildren(this.head("Drawn fences"),
      rows.length ? el("ul", {}, rows) : el("p", { class: "small" }, this.known && !this.failed ? "Nobody has drawn a fence yet." : ""),
      el("div", { class: "line" }, el("button", { type: "button", class: "primary", id: "draw-new", click: () => this.edit(null) }, "Draw a fence"),
        rows.length > 0 && el("a", { href: addressOf("fences/drawn.geojson"), download: "drawn.geojson" }, "Download")),
      this.problem, el("p", { class: "small" }, this.note));
  }

  head(title) {
    return el("div", { class: "line" }, el("h2", {}, title), el("span", { class: "grow" }),
      el("button", { type: "button", class: "quiet", "aria-label": "Close", title: "Close (Esc)", click: () => this.toggle(false) }, "×"));
  }

  /* ---- an outline ---- */

  edit(fence) {
    this.stop();
    this.on.shown();
    const parts = fence?.area.coordinates ?? [];
    Object.assign(this, { drawing: true, edited: fence, fixed: parts.length > 1 || parts[0]?.length > 1 });
    this.map.doubleClickZoom.disable();
    this.map.getContainer().classList.toggle("measuring", !this.fixed);
    this.hint = el("p", { class: "small", role: "status", "aria-live": "polite" });
    this.problem = el("p", { class: "problem", role: "alert" });
    this.save = el("button", { type: "submit", class: "primary" }, "Save");
    const remove = el("button", { type: "button", class: "danger", click: () => this.remove(remove) }, "Delete");
    const field = (name, label, value) => el("label", {}, label, el("input", { name, required: true, maxlength: 100, autocomplete: "off", value }));
    this.form = el("form", { id: "fence-form", "aria-label": fence ? "Edit a fence" : "Draw a fence", input: () => this.touch(), submit: (event) => this.submit(event) },
      field("name", "Name of the fence", fence?.name ?? ""), field("by", "Your name", localStorage.getItem(REVIEWER) ?? ""),
      this.hint, this.problem,
      el("div", { class: "line" }, this.save, el("button", { type: "button", click: () => this.list() }, "Cancel"), fence && remove),
      !this.fixed && el("div", { class: "line" },
        el("button", { type: "button", class: "quiet", title: "For the keyboard: move the map with the arrow keys", click: () => this.add(this.map.getCenter()) }, "Corner at the map's middle"),
        el("button", { type: "button", class: "quiet", click: () => this.drop(this.corners.length - 1) }, "Undo")));
    this.box.replaceChildren(this.head(fence ? "Edit a fence" : "Draw a fence"), this.form);
    if (parts.length) {
      const shown = L.polygon(parts.map((rings) => rings.map((ring) => ring.map(([lon, lat]) => [lat, lon]))));
      if (!this.fixed) {
        const west = this.map.getCenter().lng, near = (lon) => lon + 360 * Math.round((west - lon) / 360), shift = near(parts[0][0][0][0]) - parts[0][0][0][0];
        this.corners = parts[0][0].slice(0, -1).map(([lon, lat]) => L.latLng(lat, lon + shift));
        this.fit(L.latLngBounds(this.corners));
      } else this.fit(shown.getBounds());
    }
    this.draw();
    if (fence) this.form.elements.name.focus();
  }

  /* Shows the outline beside the tool, or below it on a phone. */
  fit(bounds) {
    const { x, y } = this.map.getSize(), wide = x > 2 * this.box.offsetWidth - 80;
    this.map.fitBounds(bounds, { maxZoom: 13, paddingTopLeft: [40, wide ? 40 : Math.min(this.box.offsetHeight + 40, y / 2)], paddingBottomRight: [wide ? this.box.offsetWidth + 90 : 40, Math.min(110, y / 5)] });
  }

  add(position) {
    if (!this.takesClicks || this.corners.length >= MOST) return;
    this.corners.push(position);
    this.touch();
    this.draw();
  }

  drop(index) {
    if (index < 0) return;
    this.corners.splice(index, 1);
    this.touch();
    this.draw();
  }

  /* Draws the outline, a mark at each corner, and a smaller one between each two, which becomes a corner if dragged. */
  draw() {
    this.layer.clearLayers();
    this.line = L.polygon(this.corners, { className: "fence-line", interactive: false }).addTo(this.layer);
    this.corners.forEach((corner, i) => this.mark(corner, i, false));
    if (this.corners.length >= LEAST && this.corners.length < MOST) {
      this.corners.forEach((corner, i) => {
        const next = this.corners[(i + 1) % this.corners.length];
        this.mark(L.latLng((corner.lat + next.lat) / 2, (corner.lng + next.lng) / 2), i + 1, true);
      });
    }
    this.save.disabled = !this.fixed && this.corners.length < LEAST;
    this.hint.textContent = this.fixed ? "This outline has several parts, so only its name can be changed here. For another outline, delete it and draw it anew."
      : this.corners.length < LEAST ? `Click the map at each corner, in order. ${this.corners.length ? plural(this.corners.length, "corner") : "Esc cancels."}`
        : `${plural(this.corners.length, "corner")}. Drag a corner to move it, a small mark to add one; double-click a corner to remove it.`;
  }

  mark(position, index, between) {
    const size = between ? 20 : 28; // what a finger hits; the mark in it is smaller
    const mark = L.marker(position, { draggable: true, keyboard: false, autoPan: true, icon: L.divIcon({ className: between ? "fence-between" : "fence-corner", iconSize: [size, size] }) });
    let added = false;
    mark.on("drag", () => {
      if (between && !added) this.corners.splice(index, 0, mark.getLatLng());
      added = true;
      this.corners[index] = mark.getLatLng();
      this.line.setLatLngs(this.corners);
    });
    mark.on("dragend", () => { this.touch(); this.draw(); });
    mark.on("dblclick", () => !between && this.drop(index));
    mark.addTo(this.layer);
  }

  /* ---- what is sent ---- */

  async submit(event) {
    event.preventDefault();
    const { name, by } = Object.fromEntries(new FormData(this.form));
    const geometry = this.fixed ? this.edited.area : { type: "Polygon", coordinates: [closed(this.corners)] };
    localStorage.setItem(REVIEWER, by.trim());
    const content = { name: name.trim(), by: by.trim(), geometry };
    await this.ask(() => this.edited
      ? send("PUT", `fences/${this.edited.id}`, { ...content, version: this.edited.version })
      : send("POST", "fences", content));
  }

  async remove(button) {
    if (button.dataset.sure) {
      const by = this.form.elements.by.value.trim();
      if (!by) return this.form.reportValidity();
      const asked = new URLSearchParams({ version: this.edited.version, by });
      await this.ask(() => send("DELETE", `fences/${this.edited.id}?${asked}`));
    } else {
      button.dataset.sure = "yes";
      button.textContent = "Really delete it?";
    }
  }

  async ask(request) {
    this.problem.textContent = "";
    this.save.disabled = true;
    try {
      await request();
      await this.load();
      this.list();
      this.on.changed();
    } catch (error) {
      if (error.status === 504) { // it may count: drawn again, there would be two of it
        await this.load();
        this.list();
        this.on.changed();
      }
      this.refused(error);
      this.save.disabled = false;
    }
  }

  refused(error) {
    if (!(error instanceof Refusal)) throw error;
    if ([401, 403].includes(error.status)) this.on.signIn();
    this.problem?.replaceChildren(bdi(error.message));
  }
}

/* When a fence counts. */
const state = (fence) => (fence.deleted ? [Date.now() - Date.parse(fence.drawn) < LATE ? "deleted from the next five minutes of data on"
  : "still counts; delete it again if data comes and it stays so"] : fence.validFrom ? ["counts since ", timeOf(fence.validFrom)] : Date.now() - Date.parse(fence.drawn) < LATE ? ["counts from the next five minutes of data on"]
  : ["does not count yet; save it again if data comes and it stays so"]);

/* A ring with longitudes near -180 to 180 that goes on past these where it crosses them. */
function closed(corners) {
  const turn = 360 * Math.round(corners[0].lng / 360), ring = corners.map(({ lat, lng }) => [lng - turn, lat]);
  return [...ring, ring[0]];
}
