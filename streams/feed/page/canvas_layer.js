/* A layer that paints on one canvas. The canvas is larger than the map: moving the map repaints it only when its edge
   comes into sight, and while zooming it is stretched. Positions are in a world one unit wide; every copy of the
   world in sight is painted. */

const { L } = window;

/* The layers to paint: one for each frame, so that no frame takes as long as all of them together. Until its turn a
   canvas is moved and stretched to its place. */
const waiting = new Set();
let frame = 0;

function paintNext() {
  const [layer] = waiting;
  waiting.delete(layer);
  frame = waiting.size ? requestAnimationFrame(paintNext) : 0;
  layer?._paint();
}

export const CanvasLayer = L.Renderer.extend({
  options: { padding: 0.25, keepOut: () => [] },

  /* Whether there is nothing to paint. The canvas is hidden then, because showing it costs time in every frame. */
  empty() {
    return false;
  },

  /* Each layer adds `paint(ctx, view)`. view: width, height, zoom, scale (pixels of the world), x(), y(), turns
     (copies of the world in sight), seen(box, margin), taken() (a list of boxes where no name may be, to add to), frame (what the
     map shows of the canvas, when it is painted). */

  getEvents() {
    return { ...L.Renderer.prototype.getEvents.call(this), move: this._onMove };
  },

  _initContainer() {
    this._container = L.DomUtil.create("canvas", "chart-canvas");
    this._container.setAttribute("aria-hidden", "true");
    this._ctx = this._container.getContext("2d");
  },

  _destroyContainer() {
    waiting.delete(this);
    this._container.remove();
    delete this._container;
  },

  _onMove() {
    const { min, max } = this._bounds, at = this._map.containerPointToLayerPoint([0, 0]), size = this._map.getSize();
    if (at.x < min.x || at.y < min.y || at.x + size.x > max.x || at.y + size.y > max.y) this.later();
  },

  /* The view has jumped. Until it is repainted, the canvas is moved to where its content belongs. */
  _reset() {
    this._updateTransform(this._map.getCenter(), this._map.getZoom());
    this.later();
  },

  _update() {
    if (!this._bounds) L.Renderer.prototype._update.call(this); // Leaflet needs the bounds at once to stretch the canvas
    this.later();
  },

  /* Paints in one of the next frames, once for all calls until then. */
  later() {
    if (!this._map) return;
    waiting.add(this);
    frame ||= requestAnimationFrame(paintNext);
  },

  _paint() {
    if (this._map._animatingZoom) return; // its end calls this again
    this._container.hidden = this.empty();
    if (this._container.hidden) return;
    L.Renderer.prototype._update.call(this);
    const ratio = devicePixelRatio || 1, size = this._bounds.getSize();
    const [width, height] = [Math.round(size.x * ratio), Math.round(size.y * ratio)];
    if (this._container.width !== width || this._container.height !== height) {
      Object.assign(this._container, { width, height });
      this._container.style.width = `${size.x}px`;
      this._container.style.height = `${size.y}px`;
    }
    L.DomUtil.setPosition(this._container, this._bounds.min);
    this._ctx.setTransform(ratio, 0, 0, ratio, 0, 0);
    this._ctx.clearRect(0, 0, size.x, size.y);
    this.paint(this._ctx, viewOf(this._map, this._bounds, this.options.keepOut));
  },
});

function viewOf(map, { min, max }, keepOut) {
  const zoom = map.getZoom(), scale = 256 * 2 ** zoom, origin = map.getPixelOrigin().add(min);
  const [width, height] = [max.x - min.x, max.y - min.y];
  const turns = [];
  for (let turn = Math.floor(origin.x / scale); turn * scale < origin.x + width; turn++) turns.push(turn);
  const x = (at, turn = 0) => (at + turn) * scale - origin.x, y = (at) => at * scale - origin.y;
  const seen = (box, turn = 0, margin = 20) => x(box[2], turn) > -margin && x(box[0], turn) < width + margin
    && y(box[3]) > -margin && y(box[1]) < height + margin;
  const taken = () => {
    const { x: left, y: top } = map.containerPointToLayerPoint([0, 0]).subtract(min);
    return keepOut().map((box) => [box[0] + left, box[1] + top, box[2] + left, box[3] + top]);
  };
  const { x: left, y: top } = map.containerPointToLayerPoint([0, 0]).subtract(min), size = map.getSize(), frame = [left, top, left + size.x, top + size.y];
  return { width, height, zoom, scale, turns, x, y, seen, taken, frame };
}
