"""A small map of one event as SVG: land, fences, tracks of its vessels, and where it lies."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

import numpy as np
import shapely

from geofences.catalogue import load_catalogue
from geofences.land import land_clip
from models.event import Event
from models.report import Rows
from models.tick import no_ticks
from models.time import from_text

WIDTH: Final = 560
"""Pixels."""
COLOURS: Final = ("#b3261e", "#1f5fa8", "#2e7d32", "#7b4fa3")
MARGIN: Final = 0.18
"""Of the greater side of what is shown, on each side."""
LEAST: Final = 0.08
"""Degrees that a map shows at least, so that an event at one place is not magnified beyond what is known."""


def svg(event: Event, tracks: Mapping[int, Rows]) -> str:
    """The map. `tracks` are ticks by MMSI, with the fields lon and lat in degrees."""
    at = [(each.position.lon, each.position.lat) for each in event.chain.legs] if event.chain else []
    at += [(each.lon, each.lat) for each in event.evidence.positions]
    at.append((event.position.lon, event.position.lat))
    west, south, east, north = _box([*at, *_around(event, tracks)])
    view = _View(west, south, east, north)
    parts = [f'<rect width="{WIDTH}" height="{view.height}" fill="#dbe7f0"/>']
    land = shapely.geometry.shape(land_clip(west, south, east, north))
    parts += view.areas(land, 'fill="#eee9dc" stroke="#b9b09a" stroke-width="0.7"')
    window = shapely.box(west, south, east, north)
    for fence in load_catalogue():
        if fence.geometry.intersects(window):
            parts += view.areas(
                fence.geometry.intersection(window),
                'fill="#7b6bd6" fill-opacity="0.12" stroke="#7b6bd6" stroke-width="0.8"',
            )
    named = list(dict.fromkeys(int(vessel.ssvid) for vessel in event.vessels))
    for number, mmsi in enumerate(named):
        colour = COLOURS[number % len(COLOURS)]
        if mmsi in tracks:
            points = view.points(tracks[mmsi]["lon"], tracks[mmsi]["lat"])
            parts.append(
                f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="1.4" '
                'stroke-linejoin="round" opacity="0.8"/>'
            )
        parts.append(
            f'<text x="10" y="{20 + 16 * number}" fill="{colour}" font-size="12">MMSI {mmsi:09d}</text>'
        )
    for lon, lat in at[:-1]:
        x, y = view.place(lon, lat)
        parts.append(f'<circle cx="{x}" cy="{y}" r="2.4" fill="#333" opacity="0.6"/>')
    x, y = view.place(event.position.lon, event.position.lat)
    parts.append(f'<circle cx="{x}" cy="{y}" r="9" fill="none" stroke="#111" stroke-width="1.8"/>')
    parts += view.scale()
    body = "\n".join(parts)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{view.height}" '
        f'viewBox="0 0 {WIDTH} {view.height}" font-family="sans-serif">\n{body}\n</svg>\n'
    )


def _around(event: Event, tracks: Mapping[int, Rows]) -> Iterator[tuple[float, float]]:
    """What the map should show beside the evidence: the way of a cargo, and the first port within reach."""
    if event.chain:
        end = from_text(event.end or event.detected)
        for vessel in event.vessels:
            rows = tracks.get(int(vessel.ssvid), no_ticks())
            rows = rows[(rows["time"] >= from_text(event.start)) & (rows["time"] <= end)]
            yield from zip(rows["lon"].tolist(), rows["lat"].tolist(), strict=True)
    if event.dark_port_visit:
        for fence in load_catalogue():
            if event.dark_port_visit.port in (fence.locode, fence.port):
                middle = fence.geometry.centroid
                yield middle.x, middle.y


def _box(at: Sequence[tuple[float, float]]) -> tuple[float, float, float, float]:
    lon, lat = np.array(at).T
    squeeze = float(np.cos(np.radians(lat.mean())))
    side = max(float(np.ptp(lon)) * squeeze, float(np.ptp(lat)), LEAST) * (1 + 2 * MARGIN)
    middle_lon, middle_lat = (lon.min() + lon.max()) / 2, (lat.min() + lat.max()) / 2
    half_height = max(float(np.ptp(lat)) * (0.5 + MARGIN), side * 0.3)
    half_width = side / squeeze / 2
    return (
        float(middle_lon - half_width),
        float(middle_lat - half_height),
        float(middle_lon + half_width),
        float(middle_lat + half_height),
    )


class _View:
    """From degrees to pixels; one scale, true in the middle."""

    def __init__(self, west: float, south: float, east: float, north: float) -> None:
        self._west, self._north = west, north
        self._x = WIDTH / (east - west)
        self._y = self._x / float(np.cos(np.radians((south + north) / 2)))
        self.height = round((north - south) * self._y)
        self._km = (east - west) * 111.195 * float(np.cos(np.radians((south + north) / 2)))

    def place(self, lon: float, lat: float) -> tuple[float, float]:
        return round((lon - self._west) * self._x, 1), round((self._north - lat) * self._y, 1)

    def points(self, lon: Rows, lat: Rows) -> str:
        """Of a line, without those that fall on the same half pixel as the one before."""
        places = [self.place(float(a), float(b)) for a, b in zip(lon, lat, strict=True)]
        kept = [p for i, p in enumerate(places) if not i or max(np.abs(np.subtract(p, places[i - 1]))) > 0.5]
        return " ".join(f"{x},{y}" for x, y in kept)

    def areas(self, shape: shapely.Geometry, style: str) -> list[str]:
        out = []
        for part in shapely.get_parts(shape):
            if part.geom_type == "Polygon" and not part.is_empty:
                simple = part.simplify(0.7 / self._x)
                rings = [simple.exterior, *simple.interiors]
                path = "".join(f"M{self._ring(shapely.get_coordinates(ring))}Z" for ring in rings)
                out.append(f'<path d="{path}" fill-rule="evenodd" {style}/>')
        return out

    def _ring(self, at: np.ndarray) -> str:
        return "L".join(f"{x} {y}" for x, y in (self.place(lon, lat) for lon, lat in at))

    def scale(self) -> list[str]:
        """A bar of a round length, about a quarter of the width."""
        unit = 10.0 ** np.floor(np.log10(self._km / 4))
        km = float(max(step * unit for step in (1, 2, 5) if step * unit <= self._km / 4))
        pixels, y = km / self._km * WIDTH, self.height - 12
        return [
            f'<path d="M10 {y - 4}v4h{pixels:.1f}v-4" fill="none" stroke="#333"/>',
            f'<text x="14" y="{y - 6}" font-size="11" fill="#333">{km:g} km</text>',
        ]
