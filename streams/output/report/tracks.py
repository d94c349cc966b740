"""Tracks in short form for the page: few points where a vessel goes straight, more where it turns or
waits."""

from collections.abc import Collection, Mapping
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import shapely

from models.report import Rows
from models.time import MINUTE, SECOND
from streams.output.report.shapes import differences, turned

POINTS: Final = 40_000
"""The most points of all tracks together."""

VESSELS: Final = 2_000
"""The most vessels with a track. Those in events come first, then those with the longest tracks."""

SILENCE: Final = 60 * MINUTE
"""Milliseconds. No line is drawn through a longer silence, as no detector interpolates through one."""

KNOTS: Final = 50.0
"""No line is drawn through a step that would need a higher speed."""

CHUNK: Final = 1_000
"""Rows simplified at once. In the worst case, a vessel that jitters between two positions, GEOS recurses once
for each point, and a long track would overflow the stack."""

Indices = npt.NDArray[np.int64]


def encode_tracks(
    tracks: Mapping[int, Rows], named: Collection[int], centre: float
) -> tuple[list[dict[str, Any]], int]:
    """The tracks as pieces, by MMSI; and how many vessels are left out to keep the page small."""
    order = sorted(tracks, key=lambda mmsi: (mmsi not in named, -len(tracks[mmsi]), mmsi))
    kept = sorted(order[:VESSELS])
    cleaned = {mmsi: _cleaned(tracks[mmsi]) for mmsi in kept}
    pieces = {mmsi: _pieces(cleaned[mmsi]) for mmsi in kept}
    metres, minutes = 30.0, 5.0
    while True:
        thinned = {
            mmsi: [
                _thin(cleaned[mmsi], piece, metres * (1 if mmsi in named else 4), minutes * MINUTE)
                for piece in pieces[mmsi]
            ]
            for mmsi in kept
        }
        points = sum(len(piece) for of_one in thinned.values() for piece in of_one)
        if points <= POINTS or metres > 20_000:
            break
        metres, minutes, pieces = metres * 2, minutes * 2, thinned
    encoded = [_encode(mmsi, cleaned[mmsi], thinned[mmsi], centre) for mmsi in kept]
    return [track for track in encoded if track["pieces"]], len(tracks) - len(kept)


def _cleaned(track: Rows) -> Rows:
    known = np.isfinite(track["lon"]) & np.isfinite(track["lat"])
    track = track[known]
    return track[np.argsort(track["time"], kind="stable")]


def _pieces(track: Rows) -> list[Indices]:
    """The rows of each piece: one line is drawn through a piece."""
    if not len(track):
        return []
    hours = np.diff(track["time"]) / (60 * MINUTE)
    dlon = (np.diff(track["lon"]) + 180) % 360 - 180
    miles = 60 * np.hypot(dlon * np.cos(np.radians(track["lat"][1:])), np.diff(track["lat"]))
    # Half a mile never breaks a line: two fixes in one second may be from the two ends of a ship.
    breaks = (np.diff(track["time"]) > SILENCE) | (miles > KNOTS * hours + 0.5)
    return np.split(np.arange(len(track), dtype=np.int64), np.flatnonzero(breaks) + 1)


def _thin(track: Rows, piece: Indices, metres: float, every: float) -> Indices:
    """The rows that keep the shape within so many metres, and at least one row in `every` milliseconds."""
    if len(piece) < 3:
        return piece
    rows = track[piece]
    lon = turned(rows["lon"], float(rows["lon"][0])) * np.cos(np.radians(rows["lat"][0]))
    # Simplifying ignores the third coordinate, which says afterwards which points were kept.
    points = np.column_stack((lon, rows["lat"], np.arange(len(rows))))
    chunks = [points[start : start + CHUNK + 1] for start in range(0, len(rows) - 1, CHUNK)]
    lines = shapely.simplify(
        [shapely.linestrings(chunk) for chunk in chunks], metres / 111_000, preserve_topology=False
    )
    corners = shapely.get_coordinates(lines, include_z=True)[:, 2].astype(np.int64)
    slots = np.flatnonzero(np.diff(rows["time"] // every))
    kept: Indices = np.unique(np.concatenate(([0, len(rows) - 1], corners, slots)))
    return piece[kept]


def _encode(mmsi: int, track: Rows, pieces: list[Indices], centre: float) -> dict[str, Any]:
    return {"mmsi": f"{mmsi:09d}", "pieces": [_encode_piece(track[piece], centre) for piece in pieces]}


def _encode_piece(rows: Rows, centre: float) -> dict[str, list[int]]:
    """Times in seconds and positions in steps, both as differences; speeds in tenths of a knot, -1 if
    unknown."""
    lon = np.unwrap(rows["lon"].astype(np.float64), period=360)
    lon += turned(lon[:1], centre) - lon[0]
    seconds = np.asarray(rows["time"], dtype=np.int64) // SECOND
    tenths = np.nan_to_num(np.rint(rows["sog"].astype(np.float64) * 10), nan=-1)
    return {
        "t": np.diff(seconds, prepend=0).tolist(),
        "p": differences(np.column_stack((lon, rows["lat"]))),
        "v": tenths.astype(np.int64).tolist(),
    }
