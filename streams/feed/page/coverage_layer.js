/* Where anything was heard in the last hours: cells of the map, darker where it was not long ago. An empty cell means that
   nobody was there, or that nobody listens there. */

import { get } from "./api.js";
import { colour } from "./web/colours.js";
import { CanvasLayer } from "./canvas_layer.js";
import { project } from "./fleet.js";

export const HOURS = 6;
const AGAIN = 5 * 60e3; // milliseconds of event time after which it is asked for again

export const CoverageLayer = CanvasLayer.extend({
  initialize(options) {
    CanvasLayer.prototype.initialize.call(this, options);
    Object.assign(this, { shown: false, cells: new Map(), degrees: 0, asked: null });
  },

  /* `time`: that of the newest data, in milliseconds. */
  async show(shown, time) {
    this.shown = shown;
    this.asked = null;
    if (shown) await this.refresh(time);
    else this.later();
  },

  /* Asks again if the data have gone on, or back, by some minutes. */
  async refresh(time) {
    if (!this.shown || (this.asked !== null && Math.abs(time - this.asked) < AGAIN)) return;
    this.asked = time;
    const request = this.request = {};
    const { content } = await get("coverage", { hours: HOURS });
    if (request !== this.request) return; // a later one has gone out
    this.degrees = content.degrees;
    this.cells = new Map(content.cells.map(([west, south, minutes]) => {
      const [left, bottom] = project(west, south), [right, top] = project(west + content.degrees, south + content.degrees);
      return [this.key(west, south), { box: [left, top, right, bottom], minutes }];
    }));
    this.later();
  },

  /* 180 degrees east are 180 degrees west. */
  key(lon, lat) {
    const around = Math.round(360 / this.degrees), column = Math.floor(lon / this.degrees + 1e-6);
    return `${((column % around) + around) % around} ${Math.floor(lat / this.degrees + 1e-6)}`;
  },

  /* A sentence about a place; null while the layer is off. */
  says(lon, lat) {
    if (!this.shown || !this.degrees) return null;
    const cell = this.cells.get(this.key(lon, lat));
    if (!cell) return `nothing was heard round here in ${HOURS} hours`;
    return cell.minutes < 60 ? "something was heard round here in the last hour" : `last heard round here ${Math.floor(cell.minutes / 60)} h ago`;
  },

  empty() {
    return !this.shown;
  },

  paint(ctx, view) {
    ctx.fillStyle = colour("coverage");
    for (const turn of view.turns) {
      for (const { box, minutes } of this.cells.values()) {
        if (!view.seen(box, turn, 0)) continue;
        const x = view.x(box[0], turn), y = view.y(box[1]);
        ctx.globalAlpha = minutes < 60 ? 0.3 : 0.14;
        ctx.fillRect(x, y, view.x(box[2], turn) - x, view.y(box[3]) - y);
      }
    }
    ctx.globalAlpha = 1;
  },
});
