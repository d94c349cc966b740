/* A layer that paints on one canvas, larger than the map: moving it costs nothing until its edge comes into sight,
   and while zooming it is stretched. Positions are of a world one unit wide, and every copy of it in sight is painted. */

const { L } = window;

/* Layers to be painted: one a frame, so that no frame lasts as long as all of them together. Until its turn, a canvas
   stays where it belongs, stretched if need be. */
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

  /* Whether there is nothing to paint: then there is no canvas to be laid over the map at every frame. */
  empty() {
    return false;
  },

  /* `paint(ctx, view)` is what a layer adds. view: width, height, zoom, scale (pixels of the world), x(), y(),
     turns (copies of the world in sight), seen(box, margin), taken() (boxes where no name is to be, to be added to). */

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

  /* The view has changed at once: until it is painted anew, the canvas lies where what is on it belongs. */
  _reset() {
    this._updateTransform(this._map.getCenter(), this._map.getZoom());
    this.later();
  },

  _update() {
    if (!this._bounds) L.Renderer.prototype._update.call(this); // what Leaflet stretches by must be there at once
    this.later();
  },

  /* Soon, once for all that asked. */
  later() {
    if (!this._map) return;
    waiting.add(this);
    frame ||= requestAnimationFrame(paintNext);
  },

  _paint() {
    if (this._map._animatingZoom) return; // its end asks again
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
  return { width, height, zoom, scale, turns, x, y, seen, taken };
}
