"""Neighbours: the latest ticks of all vessels, and who was near whom at an instant of the grid."""

from collections.abc import Callable, Iterable, Mapping
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from geofences.distance import EARTH_RADIUS_M, haversine_m, unit_vectors
from models.report import Rows, joined
from models.tick import TICK, no_ticks, ticks_from
from models.time import Millis
from streams.detection.encounters.encounter import Key
from streams.detection.nearby import pairs_within

SEGMENTS: Final = 65_536
"""More than there are segment numbers: MMSI and segment in one integer."""
Numbers = npt.NDArray[np.int64]
Pairs = npt.NDArray[np.intp]
"""Two columns of row numbers, the lower first."""


Wanted = Callable[[npt.NDArray[np.integer]], npt.NDArray[np.bool_]]
"""Of some MMSIs, which are wanted."""


class Steps(NamedTuple):
    """Ticks by the instant of the grid that they are for, or that ends their step; sorted by track, then
    time. `tracks` has the track of each."""

    ticks: Mapping[Millis, Rows]
    tracks: Mapping[Millis, Numbers]


class Fresh(NamedTuple):
    """Ticks of some instants of the grid, with those that were known of them, one instant after the other;
    each sorted by track."""

    times: list[Millis]
    begins: list[int]  # of the instants among the rows, and the end
    rows: Rows
    tracks: Numbers
    is_new: npt.NDArray[np.bool_]

    def of(self, n: int) -> slice:
        """The rows of the n-th instant."""
        return slice(self.begins[n], self.begins[n + 1])

    def followed(self, n: int, keys: Iterable[Key]) -> list[tuple[int, int]]:
        """The rows of these pairs at the n-th instant, where both have one and one of the two is new."""
        here = self.of(n)
        fresh = set(self.rows["mmsi"][here][self.is_new[here]].tolist())
        key = np.array([key for key in keys if key[0] in fresh or key[1] in fresh], np.int64).reshape(-1, 4)
        if not len(key):
            return []
        at, found = _find(self.tracks[here], key[:, :2] * SEGMENTS + key[:, 2:])
        at = at[found.all(axis=1)] + here.start
        return [(first, second) for first, second in at[self.is_new[at].any(axis=1)].tolist()]


class Neighbours:
    """Ticks by their time, sorted by (MMSI, segment). A pair is found when the second of its ticks comes."""

    def __init__(self, metres: float) -> None:
        """Neighbours are no further apart than `metres`."""
        self._reach = metres / EARTH_RADIUS_M
        self._ticks: dict[Millis, Rows] = {}
        self._tracks: dict[Millis, Numbers] = {}
        """Of the same rows MMSI and segment in one number, ascending."""

    def merged(self, ticks: Rows) -> Fresh:
        """These ticks on the grid, together with those known of the same instants. They are known only once
        each instant is `put`."""
        times = np.unique(ticks["time"])
        old = joined([self._ticks.get(time, no_ticks()) for time in times.tolist()], TICK)
        rows = joined([old, ticks], TICK)
        track = tracks(rows)
        order = np.lexsort([track, rows["time"]])  # stable
        rows = rows.take(order)
        begins = [*np.searchsorted(rows["time"], times).tolist(), len(rows)]
        return Fresh(times.tolist(), begins, rows, track[order], order >= len(old))

    def put(self, fresh: Fresh, n: int) -> None:
        """Keep the ticks of one of its instants, the n-th."""
        here, time = fresh.of(n), fresh.times[n]
        # copies, as a part of an array would keep the whole
        self._ticks[time], self._tracks[time] = fresh.rows[here].copy(), fresh.tracks[here].copy()

    def near(self, fresh: Fresh, wanted: Wanted) -> tuple[Numbers, Numbers]:
        """All neighbours at its instants of which at least one MMSI is `wanted` and one of the two is new:
        the numbers of their rows, the lower ones and the higher ones, in order."""
        rows = fresh.rows
        points = unit_vectors(rows["lon"], rows["lat"]).T
        (new,) = np.nonzero(fresh.is_new)
        groups = np.searchsorted(new, fresh.begins), np.array(fresh.begins)
        i, j = pairs_within(points[new], points, self._reach, groups)
        i = new[i]
        low, high = np.minimum(i, j), np.maximum(i, j)
        one, other = rows["mmsi"][low], rows["mmsi"][high]
        want = wanted(one) | wanted(other)
        want &= one != other
        # as one number: numpy takes far longer to find rows that are the same
        first, second = np.divmod(np.unique(low[want] * len(rows) + high[want]), max(len(rows), 1))
        return first, second

    def farthest(self, key: Key) -> float:
        """The greatest distance of two vessels, metres, at the instants kept where both have ticks; less what
        may be due to the rounding of positions."""
        a, b, segment_a, segment_b = key
        want = np.array([a * SEGMENTS + segment_a, b * SEGMENTS + segment_b])
        metres = 0.0
        for time, rows in self._ticks.items():
            at, there = _find(self._tracks[time], want)
            if there.all():
                one, other = rows[at[0]], rows[at[1]]
                error = max(float(one["error"]), float(other["error"]))
                apart = float(haversine_m(one["lon"], one["lat"], other["lon"], other["lat"]))
                metres = max(metres, apart - error)
        return metres

    @property
    def steps(self) -> Steps:
        """All that are kept."""
        return Steps(self._ticks, self._tracks)

    def at(self, time: Millis) -> Rows:
        """The ticks kept for an instant."""
        return self._ticks.get(time, no_ticks())

    def has(self, time: Millis, wanted: Numbers) -> npt.NDArray[np.bool_]:
        """Which of these tracks have a tick at an instant."""
        return _find(self._tracks.get(time, np.empty(0, np.int64)), wanted)[1]

    def find(self, time: Millis, track: int) -> Rows | None:
        """The tick of a track at an instant; None where there is none."""
        there = self._tracks.get(time)
        if there is None:
            return None
        at = int(there.searchsorted(track))
        return self._ticks[time][at] if at < len(there) and there[at] == track else None

    def find_all(self, time: Millis, wanted: Numbers) -> tuple[Rows, npt.NDArray[np.bool_]]:
        """The ticks of tracks at an instant, row by row, and which there are; the other rows are any."""
        if time not in self._ticks:
            return np.zeros(len(wanted), TICK), np.zeros(len(wanted), bool)
        at, found = _find(self._tracks[time], wanted)
        return self._ticks[time].take(at), found

    @property
    def times(self) -> list[Millis]:
        """The instants that ticks are kept for."""
        return list(self._ticks)

    def forget(self, until: Millis) -> list[Millis]:
        """Ticks for this instant and before are needed no more. Returns the instants that had any."""
        gone = [time for time in self._ticks if time <= until]
        for time in gone:
            del self._ticks[time], self._tracks[time]
        return gone

    def dump(self, time: Millis) -> bytes | None:
        """The ticks kept for an instant; None where there are none."""
        rows = self._ticks.get(time)
        return None if rows is None else rows.tobytes()

    def load(self, data: dict[Millis, bytes]) -> None:
        """Go on from what `dump` gave for each instant."""
        self._ticks = {time: ticks_from(rows, time) for time, rows in data.items()}
        self._tracks = {time: tracks(rows) for time, rows in self._ticks.items()}


def tracks(rows: Rows) -> Numbers:
    """MMSI and segment of each row in one number."""
    numbers: Numbers = rows["mmsi"].astype(np.int64) * SEGMENTS + rows["segment"]
    return numbers


def _find(there: Numbers, wanted: Numbers) -> tuple[Pairs, npt.NDArray[np.bool_]]:
    """The rows of these tracks, and whether there are any."""
    if not len(there):
        return np.zeros(wanted.shape, np.intp), np.zeros(wanted.shape, bool)
    at = np.minimum(np.searchsorted(there, wanted), len(there) - 1)
    return at, there[at] == wanted
