"""Inspections as a page: what is in recordings, each with a map of its positions. It loads nothing.

Names and lines come from strangers: every text is escaped, and a Content-Security-Policy allows the one style
and no script.
"""

import base64
import hashlib
import math
from collections.abc import Callable, Iterator, Sequence
from html import escape
from typing import Final

import numpy as np
import shapely

from geofences.land import land_clip
from models.time import to_text
from streams.output.report.shapes import Extent, extent_of, turned
from streams.output.sanitize import sanitize
from streams.recordings.inspection import Inspection, VesselSeen
from streams.recordings.position_counts import PositionCounts

Inspected = tuple[Inspection, PositionCounts]
_Scale = Callable[[float], float]

VESSELS: Final = 2_000
"""Vessels listed for a recording: those with the most positions."""
WIDTH: Final = 960
"""Width of a map, in its own units; its height follows from the area, up to HEIGHT."""
HEIGHT: Final = 640
LEAST_HEIGHT: Final = 0.25
"""Of the width of a map. Positions along one latitude would make a line of it."""
ACROSS: Final = 200
"""Most cells beside each other on a map, so that each can be seen."""
SHADES: Final = 6
"""Shades of cells: each stands for several times as many positions as the one before."""
_STEPS: Final = (0.05, 0.1, 0.25, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 30.0, 60.0)
_LINES: Final = 7  # most lines of the grid in one direction
_STYLE: Final = """
:root { color-scheme: light dark; --ground: #fff; --ink: #1d2733; --soft: #5b6775; --line: #d5dbe1;
  --sea: #e8f0f6; --land: #cfc9bd; --cell: #0b5cad; }
@media (prefers-color-scheme: dark) { :root { --ground: #12181f; --ink: #e4e9ee; --soft: #9aa6b2;
  --line: #33404d; --sea: #1b2732; --land: #3b4149; --cell: #6db6ff; } }
body { margin: 0 auto; max-width: 64rem; padding: 1rem; background: var(--ground); color: var(--ink);
  font: 15px/1.45 system-ui, sans-serif; overflow-wrap: anywhere; }
table { border-collapse: collapse; margin: 0.5rem 0; }
th, td { text-align: left; vertical-align: top; padding: 0.15rem 0.9rem 0.15rem 0;
  border-bottom: 1px solid var(--line); }
th, td.n { white-space: nowrap; }
td.n { text-align: right; font-variant-numeric: tabular-nums; }
code { font-size: 0.85em; color: var(--soft); }
svg { display: block; width: 100%; height: auto; border: 1px solid var(--line); background: var(--sea); }
.land { fill: var(--land); }
.grid { stroke: var(--soft); stroke-opacity: 0.35; stroke-width: 0.5; }
.name { fill: var(--soft); font: 11px system-ui, sans-serif; }
.cells { fill: var(--cell); }
.s0 { fill-opacity: 0.25; } .s1 { fill-opacity: 0.4; } .s2 { fill-opacity: 0.55; }
.s3 { fill-opacity: 0.7; } .s4 { fill-opacity: 0.85; } .s5 { fill-opacity: 1; }
.note { color: var(--soft); }
"""


def render(found: Sequence[Inspected]) -> str:
    """The page as HTML text. The same input gives the same text."""
    digest = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
    policy = f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    count = f"{len(found)} recording{'s' * (len(found) != 1)}"
    parts = [
        "<!doctype html>",
        '<html lang="en"><head><meta charset="utf-8">',
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        f"<title>What is in {count}</title><style>{_STYLE}</style></head><body>",
        f"<h1>What is in {count}</h1>",
        *(part for inspection, counts in found for part in _section(inspection, counts)),
        "</body></html>",
    ]
    return "\n".join(parts) + "\n"


def _section(found: Inspection, counts: PositionCounts) -> Iterator[str]:
    yield f"<section><h2>{_text(found.name)}</h2>"
    for problem in found.problems:
        yield f"<p><strong>{_text(problem)}</strong></p>"
    yield from _map(counts)
    rows = [("format", found.format or "not known"), ("lines", f"{found.lines:,}")]
    if found.first is not None and found.last is not None:
        rows.append(("time", f"{to_text(found.first)} to {to_text(found.last)}"))
    told = ", ".join(f"{where} ({count:,})" for where, count in found.times.items())
    told = told + ", by sentences" if told else "nowhere"
    rows.append(("time from", told + ("; of poor quality" if found.poor_times else "")))
    kinds = ", ".join(f"type {kind}: {count:,}" for kind, count in found.messages.items())
    rows.append(("messages", f"{sum(found.messages.values()):,}" + (f" ({kinds})" if kinds else "")))
    rows.append(("vessels", f"{len(found.vessels):,}"))
    if found.area is not None:
        rows.append(("area", ", ".join(f"{side:.4f}" for side in found.area) + " (west, south, east, north)"))
    rows.append(("stations", ", ".join(f"{n} ({c:,})" for n, c in found.stations.items()) or "none named"))
    rows += (("nothing heard", f"from {to_text(start)} to {to_text(end)}") for start, end in found.gaps)
    rows += (("note", note) for note in found.notes)
    yield "<table>"
    yield from (f"<tr><th>{_text(name)}</th><td>{_text(value)}</td></tr>" for name, value in rows)
    yield "</table><h3>Lines by outcome</h3><table>"
    for outcome, seen in found.outcomes.items():
        why = ""
        if seen.reason:
            why = f"{_text(seen.reason)}; line {seen.line}: <code>{_text(seen.example)}</code>"
        name = _text(outcome.replace("_", " "))
        yield f'<tr><th>{name}</th><td class="n">{seen.lines:,}</td><td>{why}</td></tr>'
    yield "</table>"
    yield from _vessels(found.vessels)
    yield "</section>"


def _vessels(vessels: Sequence[VesselSeen]) -> Iterator[str]:
    if not vessels:
        return
    listed = sorted(vessels, key=lambda one: (-one.positions, one.ssvid))[:VESSELS]
    of = f", the {VESSELS:,} with the most positions" if len(vessels) > VESSELS else ""
    yield f"<details><summary>{len(vessels):,} vessels{of}</summary><table>"
    heads = ("MMSI", "flag", "IMO number", "names", "AIS types", "positions", "first", "last")
    yield f"<tr>{''.join(f'<th>{head}</th>' for head in heads)}</tr>"
    for one in listed:
        said = (one.ssvid, one.flag, _joined(one.imos), _joined(one.names), _joined(one.types))
        cells = "".join(f"<td>{_text(cell)}</td>" for cell in said)
        times = f"<td>{to_text(one.first)}</td><td>{to_text(one.last)}</td>"
        yield f'<tr>{cells}<td class="n">{one.positions:,}</td>{times}</tr>'
    yield "</table></details>"


def _map(counts: PositionCounts) -> Iterator[str]:
    """A map of the cells with land behind them; nothing where there are no positions."""
    extent = _extent(counts)
    counts.coarsen_to(max(extent.east - extent.west, extent.north - extent.south) / ACROSS)
    extent = _extent(counts)  # larger cells reach farther
    cells, size = counts.cells(), counts.degrees
    if not cells:
        return
    wide, slim = extent.east - extent.west, _slim(extent)
    scale = min(
        WIDTH / (wide * slim), HEIGHT / (extent.north - extent.south)
    )  # units in a degree of latitude
    width, height = wide * slim * scale, (extent.north - extent.south) * scale

    def x(lon: float) -> float:
        return (lon - extent.west) * slim * scale

    def y(lat: float) -> float:
        return (extent.north - lat) * scale

    total = sum(count for *_, count in cells)
    yield f'<svg viewBox="0 0 {width:.0f} {height:.0f}" role="img" aria-label="Map of {total:,} positions">'
    yield f'<path class="land" fill-rule="evenodd" d="{_land(extent, slim * scale, scale)}"/>'
    yield from _grid(extent, x, y)
    yield '<g class="cells">'
    most = max(count for *_, count in cells)
    box = f'width="{size * slim * scale:.2f}" height="{size * scale:.2f}"'
    for west, south, count in cells:
        left = x(float(turned(np.array([west + size / 2]), extent.centre)[0]) - size / 2)
        place = f'x="{left:.2f}" y="{y(south + size):.2f}"'
        yield f'<rect class="s{_shade(count, most)}" {place} {box}><title>{count:,}</title></rect>'
    yield "</g></svg>"
    yield (
        f'<p class="note">{total:,} positions, in cells of {size:g} degrees: the darker, the more, up to '
        f"{most:,} in one. Land: Natural Earth.</p>"
    )


def _extent(counts: PositionCounts) -> Extent:
    """The box of all cells, and some sea or land around it: at least LEAST_HEIGHT as high as it is wide."""
    size = counts.degrees
    places = [(west, south) for west, south, _ in counts.cells()]
    corners = [(west + dx, south + dy) for west, south in places for dx in (0, size) for dy in (0, size)]
    extent = extent_of(corners).grown(0.08, 0.05)
    lack = LEAST_HEIGHT * (extent.east - extent.west) * _slim(extent) - (extent.north - extent.south)
    if lack <= 0:
        return extent
    south, north = max(-90.0, extent.south - lack / 2), min(90.0, extent.north + lack / 2)
    return Extent(extent.west, south, extent.east, north)


def _slim(extent: Extent) -> float:
    """How long a degree of longitude is in the middle of a map, in degrees of latitude; not below a tenth."""
    return max(0.1, math.cos(math.radians((extent.south + extent.north) / 2)))


def _shade(count: int, most: int) -> int:
    return round((SHADES - 1) * math.log(count) / math.log(most)) if most > 1 else SHADES - 1


def _land(extent: Extent, across: float, up: float) -> str:
    """The land in the extent as the path of an SVG, in units of the map."""
    clip = land_clip(extent.west, extent.south, extent.east, extent.north)
    parts = shapely.get_parts(shapely.geometry.shape(clip).simplify(0.7 / up))
    out = []
    for polygon in parts:
        for ring in (polygon.exterior, *polygon.interiors):
            points = shapely.get_coordinates(ring)
            places = ((lon - extent.west) * across for lon in points[:, 0].tolist())
            heights = ((extent.north - lat) * up for lat in points[:, 1].tolist())
            text = "L".join(f"{a:.1f} {b:.1f}" for a, b in zip(places, heights, strict=True))
            out.append(f"M{text}Z")
    return "".join(out)


def _grid(extent: Extent, x: _Scale, y: _Scale) -> Iterator[str]:
    """Lines of longitude and latitude at whole steps, with their degrees."""
    spans = (extent.east - extent.west, extent.north - extent.south)
    step = next((step for step in _STEPS if max(spans) / step <= _LINES), _STEPS[-1])
    right, bottom = x(extent.east), y(extent.south)
    for n in range(math.ceil(extent.west / step), math.floor(extent.east / step) + 1):
        at, lon = x(n * step), (n * step + 180) % 360 - 180
        yield f'<path class="grid" d="M{at:.1f} 0V{bottom:.1f}"/>'
        yield f'<text class="name" x="{at + 3:.1f}" y="{bottom - 4:.1f}">{_degrees(lon, "EW")}</text>'
    for n in range(math.ceil(extent.south / step), math.floor(extent.north / step) + 1):
        at = y(n * step)
        yield f'<path class="grid" d="M0 {at:.1f}H{right:.1f}"/>'
        yield f'<text class="name" x="3" y="{at - 3:.1f}">{_degrees(n * step, "NS")}</text>'


def _degrees(value: float, signs: str) -> str:
    return f"{abs(value):g}° {signs[value < 0]}" if value else "0°"


def _joined(values: Sequence[object]) -> str:
    return ", ".join(map(str, values))


def _text(text: str) -> str:
    """Text from anywhere, harmless in HTML."""
    return escape(sanitize(text))
