"""Neighbours: the latest ticks of all vessels, and who was near whom at an instant of the grid."""

from collections.abc import Callable, Iterable
from typing import Final

import numpy as np
import numpy.typing as npt
from scipy.spatial import cKDTree

from geofences.distance import EARTH_RADIUS_M, haversine_m, unit_vectors
from models.report import Rows
from models.tick import TICK, no_ticks
from models.time import Millis
from streams.encounter import Key
from streams.track import Floats

_SEGMENTS: Final = 65_536
"""More than there are segment numbers: MMSI and segment in one integer."""
Pairs = npt.NDArray[np.intp]
"""Two columns of row numbers, the lower first."""


class Neighbours:
    """Ticks by their time, sorted by (MMSI, segment). A pair is found when the second of its ticks comes."""

    def __init__(self, metres: float) -> None:
        """Neighbours are no further apart than `metres`."""
        self._reach = metres / EARTH_RADIUS_M
        self._ticks: dict[Millis, Rows] = {}

    def take(
        self, time: Millis, fresh: Rows, wanted: Callable[[int], bool], followed: Iterable[Key]
    ) -> tuple[Rows, Rows, Floats]:
        """Take in ticks for one instant. Returns the ticks of two vessels, row by row, and metres between.

        These are all neighbours of which at least one MMSI is `wanted`, and the pairs `followed` however
        far apart; each pair once, when at least one of the two is fresh.
        """
        old = self._ticks.get(time, no_ticks())
        rows = np.concatenate([old, fresh])
        is_new = np.arange(len(rows)) >= len(old)
        order = np.lexsort([rows["segment"], rows["mmsi"]])
        rows, is_new = rows[order], is_new[order]
        self._ticks[time] = rows
        if len(rows) < 2 or not is_new.any():
            return rows[:0], rows[:0], np.empty(0)
        pairs = np.unique(
            np.concatenate([self._near(rows, is_new, wanted), _followed(rows, is_new, followed)]), axis=0
        )
        a, b = rows[pairs[:, 0]], rows[pairs[:, 1]]
        return a, b, haversine_m(a["lon"], a["lat"], b["lon"], b["lat"])

    def farthest(self, key: Key) -> float:
        """The greatest distance of two vessels, metres, at the instants kept where both have ticks."""
        a, b, segment_a, segment_b = key
        want = [a * _SEGMENTS + segment_a, b * _SEGMENTS + segment_b]
        metres = 0.0
        for rows in self._ticks.values():
            at = _find(rows, want)
            if at is not None:
                one, other = rows[at[0]], rows[at[1]]
                metres = max(metres, float(haversine_m(one["lon"], one["lat"], other["lon"], other["lat"])))
        return metres

    @property
    def times(self) -> list[Millis]:
        """The instants that ticks are kept for."""
        return list(self._ticks)

    def forget(self, until: Millis) -> list[Millis]:
        """Ticks for this instant and before are needed no more. Returns the instants that had any."""
        gone = [time for time in self._ticks if time <= until]
        for time in gone:
            del self._ticks[time]
        return gone

    def dump(self, time: Millis) -> bytes | None:
        """The ticks kept for an instant; None where there are none."""
        rows = self._ticks.get(time)
        return None if rows is None else rows.tobytes()

    def load(self, data: dict[Millis, bytes]) -> None:
        """Go on from what `dump` gave for each instant."""
        self._ticks = {time: np.frombuffer(rows, TICK) for time, rows in data.items()}

    def _near(self, rows: Rows, is_new: npt.NDArray[np.bool_], wanted: Callable[[int], bool]) -> Pairs:
        points = unit_vectors(rows["lon"], rows["lat"]).T
        (new,) = np.nonzero(is_new)
        tree = cKDTree(points)
        found = cKDTree(points[new]).sparse_distance_matrix(tree, self._reach, output_type="ndarray")
        i, j = new[found["i"]], found["j"]
        low, high = np.minimum(i, j), np.maximum(i, j)
        want = np.array([wanted(mmsi) for mmsi in rows["mmsi"].tolist()])
        keep = (rows["mmsi"][low] != rows["mmsi"][high]) & (want[low] | want[high])
        return np.stack([low[keep], high[keep]], axis=1).astype(np.intp)


def _followed(rows: Rows, is_new: npt.NDArray[np.bool_], keys: Iterable[Key]) -> Pairs:
    out = []
    for a, b, segment_a, segment_b in keys:
        at = _find(rows, [a * _SEGMENTS + segment_a, b * _SEGMENTS + segment_b])
        if at is not None and is_new[at].any():
            out.append(at)
    return np.array(out, np.intp).reshape(-1, 2)


def _find(rows: Rows, tracks: list[int]) -> npt.NDArray[np.intp] | None:
    """The rows of these tracks, each MMSI times _SEGMENTS plus segment; None if one has no tick."""
    place = rows["mmsi"].astype("i8") * _SEGMENTS + rows["segment"]
    at = np.searchsorted(place, tracks)
    return at if at.max() < len(place) and place[at].tolist() == tracks else None
