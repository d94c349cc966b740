"""Tracks made small for the page: few points where a vessel goes straight, more where it turns or waits."""

from collections.abc import Collection, Mapping
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import shapely

from models.report import Rows
from models.time import MINUTE, SECOND
from streams.output.report.shapes import differences, turned

POINTS: Final = 40_000
"""Points of all tracks together."""

VESSELS: Final = 2_000
"""Vessels drawn at most; those that events name come first, then those with the longest tracks."""

SILENCE: Final = 60 * MINUTE
"""A line is not drawn through a longer silence, as no detector interpolates through one."""

KNOTS: Final = 50.0
"""Nor through a step that no ship makes."""

CHUNK: Final = 1_000
"""Rows simplified at once: GEOS recurses once a point in the worst case, and a vessel that jitters between
two positions is that case; a long track of it would overflow the stack."""

Indices = npt.NDArray[np.int64]


def encode_tracks(
    tracks: Mapping[int, Rows], named: Collection[int], centre: float
) -> tuple[list[dict[str, Any]], int]:
    """The tracks by MMSI as pieces, and how many vessels were left out to keep the page small."""
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
    """Rows that one line may run through."""
    if not len(track):
        return []
    hours = np.diff(track["time"]) / (60 * MINUTE)
    dlon = (np.diff(track["lon"]) + 180) % 360 - 180
    miles = 60 * np.hypot(dlon * np.cos(np.radians(track["lat"][1:])), np.diff(track["lat"]))
    # half a mile is nothing: two fixes in one second may be the two ends of a ship
    breaks = (np.diff(track["time"]) > SILENCE) | (miles > KNOTS * hours + 0.5)
    return np.split(np.arange(len(track), dtype=np.int64), np.flatnonzero(breaks) + 1)


def _thin(track: Rows, piece: Indices, metres: float, every: float) -> Indices:
    """The rows that keep the shape to some metres, and at least one each so many milliseconds."""
    if len(piece) < 3:
        return piece
    rows = track[piece]
    lon = turned(rows["lon"], float(rows["lon"][0])) * np.cos(np.radians(rows["lat"][0]))
    # the third coordinate takes no part in simplifying: it tells which points were kept
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
    """Seconds and positions as differences, knots in tenths (-1 where not known)."""
    lon = np.unwrap(rows["lon"].astype(np.float64), period=360)
    lon += turned(lon[:1], centre) - lon[0]
    seconds = np.asarray(rows["time"], dtype=np.int64) // SECOND
    tenths = np.nan_to_num(np.rint(rows["sog"].astype(np.float64) * 10), nan=-1)
    return {
        "t": np.diff(seconds, prepend=0).tolist(),
        "p": differences(np.column_stack((lon, rows["lat"]))),
        "v": tenths.astype(np.int64).tolist(),
    }
