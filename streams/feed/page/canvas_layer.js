/* A layer that paints on one canvas, larger than the map: moving it costs nothing until its edge comes into sight,
   and while zooming it is stretched. Positions are of a world one unit wide, and every copy of it in sight is painted. */

const { L } = window;

export const CanvasLayer = L.Renderer.extend({
  options: { padding: 0.25 },

  /* `paint(ctx, view)` is what a layer adds. view: width, height, zoom, scale (pixels of the world), x(), y(),
     turns (copies of the world in sight), seen(box, margin). */

  getEvents() {
    return { ...L.Renderer.prototype.getEvents.call(this), move: this._onMove };
  },

  _initContainer() {
    this._container = L.DomUtil.create("canvas", "chart-canvas");
    this._container.setAttribute("aria-hidden", "true");
    this._ctx = this._container.getContext("2d");
  },

  _destroyContainer() {
    cancelAnimationFrame(this._frame);
    this._container.remove();
    delete this._container;
  },

  _onMove() {
    const { min, max } = this._bounds, at = this._map.containerPointToLayerPoint([0, 0]), size = this._map.getSize();
    if (at.x < min.x || at.y < min.y || at.x + size.x > max.x || at.y + size.y > max.y) this._update();
  },

  _update() {
    if (this._map._animatingZoom && this._bounds) return;
    L.Renderer.prototype._update.call(this);
    const ratio = devicePixelRatio || 1, size = this._bounds.getSize();
    const [width, height] = [Math.round(size.x * ratio), Math.round(size.y * ratio)];
    if (this._container.width !== width || this._container.height !== height) {
      Object.assign(this._container, { width, height });
      this._container.style.width = `${size.x}px`;
      this._container.style.height = `${size.y}px`;
    }
    L.DomUtil.setPosition(this._container, this._bounds.min);
    this._paint();
  },

  /* Soon, once for all that asked. */
  later() {
    if (!this._map || this._frame) return;
    this._frame = requestAnimationFrame(() => this._paint());
  },

  _paint() {
    cancelAnimationFrame(this._frame);
    this._frame = 0;
    if (!this._map || this._map._animatingZoom) return;
    const ratio = devicePixelRatio || 1, size = this._bounds.getSize();
    this._ctx.setTransform(ratio, 0, 0, ratio, 0, 0);
    this._ctx.clearRect(0, 0, size.x, size.y);
    this.view = viewOf(this._map, this._bounds);
    this.paint(this._ctx, this.view);
  },
});

function viewOf(map, { min, max }) {
  const zoom = map.getZoom(), scale = 256 * 2 ** zoom, origin = map.getPixelOrigin().add(min);
  const [width, height] = [max.x - min.x, max.y - min.y];
  const turns = [];
  for (let turn = Math.floor(origin.x / scale); turn * scale < origin.x + width; turn++) turns.push(turn);
  const x = (at, turn = 0) => (at + turn) * scale - origin.x, y = (at) => at * scale - origin.y;
  const seen = (box, turn = 0, margin = 20) => x(box[2], turn) > -margin && x(box[0], turn) < width + margin
    && y(box[3]) > -margin && y(box[1]) < height + margin;
  return { width, height, zoom, scale, turns, x, y, seen };
}
