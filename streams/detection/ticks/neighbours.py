"""Neighbours: the latest ticks of all vessels, and who was near whom at an instant of the grid."""

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from geofences.distance import EARTH_RADIUS_M, haversine_m, unit_vectors
from models.report import Rows, joined
from models.tick import TICK
from models.time import Millis
from streams.detection.encounters.encounter import Key
from streams.detection.ticks.history import Dumped, History
from streams.detection.ticks.nearby import pairs_within
from streams.detection.ticks.packed import SEGMENTS, Numbers, tracks
from streams.runtime.compiled import compiled

AT_ONCE: Final = 100_000
"""Ticks that are compared in one go, unless there are more of one instant. It bounds the memory."""
_MANY: Final = 4_000
"""Ticks from which on those are left out at first that can't be near a new one."""
_NARROWEST: Final = 0.005
"""Degrees of latitude in a band in which others are looked for, at least."""
Wanted = Callable[[npt.NDArray[np.integer]], npt.NDArray[np.bool_]]
"""Of some MMSIs, which are wanted."""


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

    def together(self, keys: Iterable[Key]) -> tuple[Numbers, Numbers]:
        """The rows of these pairs at every instant at which both have one and one of the two is new."""
        key = np.array(list(keys), np.int64).reshape(-1, 4)
        pairs = key[:, :2] * SEGMENTS + key[:, 2:]
        first, second = _together(self.tracks, self.is_new, np.array(self.begins), pairs)
        return first, second


class Neighbours:
    """Ticks by their time, sorted by (MMSI, segment). A pair is found when the second of its ticks comes."""

    def __init__(self, metres: float, step: Millis) -> None:
        """Neighbours are no further apart than `metres`. `step` is that of the grid."""
        self._reach = metres / EARTH_RADIUS_M
        self._history = History(step)

    def merged(self, ticks: Rows) -> Iterator[Fresh]:
        """These ticks on the grid, together with those known of the same instants, some instants at a time.
        They are known only once each instant is `put`."""
        times, counts = np.unique(ticks["time"], return_counts=True)
        new = zip(times.tolist(), counts.tolist(), strict=True)
        sizes = {time: count + self._history.count(time) for time, count in new}
        for together in at_once(sizes):
            yield self._merged(ticks, together)

    def _merged(self, ticks: Rows, times: list[Millis]) -> Fresh:
        here = (ticks["time"] >= times[0]) & (ticks["time"] <= times[-1])
        old = joined([self._history.of(time)[0] for time in times], TICK)
        rows = joined([old, ticks if here.all() else ticks.compress(here)], TICK)
        track = tracks(rows)
        order = np.lexsort([track, rows["time"]])  # stable
        rows = rows.take(order)
        begins = [*np.searchsorted(rows["time"], times).tolist(), len(rows)]
        return Fresh(times, begins, rows, track[order], order >= len(old))

    def put(self, fresh: Fresh, n: int) -> None:
        """Keep the ticks of one of its instants, the n-th."""
        # copies, as a part of an array would keep the whole
        here = fresh.of(n)
        self._history.put(fresh.times[n], joined([fresh.rows[here]], TICK), fresh.tracks[here].copy())

    def close(self) -> None:
        """Nothing will be asked for a while."""
        self._history.close()

    def near(self, fresh: Fresh, wanted: Wanted) -> tuple[Numbers, Numbers]:
        """All neighbours at its instants of which at least one MMSI is `wanted` and one of the two is new:
        the numbers of their rows, the lower ones and the higher ones, in order."""
        rows = fresh.rows
        there = np.flatnonzero(self._may_be_near(fresh)) if len(rows) > _MANY else np.arange(len(rows))
        points = unit_vectors(rows["lon"][there], rows["lat"][there]).T
        (new,) = np.nonzero(fresh.is_new[there])
        groups = np.searchsorted(there[new], fresh.begins), np.searchsorted(there, fresh.begins)
        i, j = pairs_within(points[new], points, self._reach, groups)
        i, j = there[new[i]], there[j]
        low, high = np.minimum(i, j), np.maximum(i, j)
        one, other = rows["mmsi"][low], rows["mmsi"][high]
        want = wanted(one) | wanted(other)
        want &= one != other
        # as one number: numpy takes far longer to find rows that are the same
        first, second = np.divmod(np.unique(low[want] * len(rows) + high[want]), max(len(rows), 1))
        return first, second

    def _may_be_near(self, fresh: Fresh) -> npt.NDArray[np.bool_]:
        """The rows near the latitude of a new one of their instant: of instants with few late ticks a few."""
        arc = 2 * math.asin(min(self._reach / 2, 1.0))  # that the reach is the chord of
        wide = max(1.01 * math.degrees(arc), _NARROWEST)
        count = int(180 / wide) + 3
        instant = np.repeat(np.arange(len(fresh.times)), np.diff(fresh.begins))
        band = instant * count + ((fresh.rows["lat"] + 90) / wide).astype(np.int64) + 1
        has_new = np.zeros(count * len(fresh.times) + 1, bool)
        for beside in (-1, 0, 1):
            has_new[band[fresh.is_new] + beside] = True
        near: npt.NDArray[np.bool_] = has_new[band]
        return near

    def farthest(self, keys: Sequence[Key]) -> list[float]:
        """Of each pair, the greatest distance of its two vessels, metres, at the instants kept where both
        have ticks; less what may be due to the rounding of positions."""
        metres = np.zeros(len(keys))
        a, b, segment_a, segment_b = np.array(keys, np.int64).reshape(-1, 4).T
        want = np.concatenate([a * SEGMENTS + segment_a, b * SEGMENTS + segment_b])
        for time in self._history.times:
            rows, there = self._history.find(time, want)
            (both,) = np.nonzero(there[: len(keys)] & there[len(keys) :])
            one, other = rows.take(both), rows.take(both + len(keys))
            error = np.maximum(one["error"], other["error"]).astype(np.float64)
            apart = haversine_m(one["lon"], one["lat"], other["lon"], other["lat"]) - error
            metres[both] = np.maximum(metres[both], apart)
        found: list[float] = metres.tolist()
        return found

    def of(self, wanted: Numbers) -> list[Rows]:
        """All ticks that are kept of these tracks, ascending."""
        some = (self._history.some(time, wanted) for time in self._history.times)
        return [rows for rows in some if len(rows)]

    def at(self, time: Millis) -> Rows:
        """The ticks kept for an instant."""
        return self._history.of(time)[0]

    def count(self, time: Millis) -> int:
        """How many these are."""
        return self._history.count(time)

    def has(self, time: Millis, wanted: Numbers) -> npt.NDArray[np.bool_]:
        """Which of these tracks have a tick at an instant."""
        return self._history.has(time, wanted.reshape(-1)).reshape(wanted.shape)

    def find(self, time: Millis, track: int) -> Rows | None:
        """The tick of a track at an instant; None where there is none."""
        return self._history.one(time, track)

    @property
    def times(self) -> list[Millis]:
        """The instants that ticks are kept for."""
        return self._history.times

    def forget(self, until: Millis) -> list[Millis]:
        """Ticks for this instant and before are needed no more. Returns the instants that had any."""
        return self._history.forget(until)

    def dump(self, time: Millis) -> Dumped | None:
        """The ticks kept for an instant; None where there are none."""
        return self._history.dump(time)

    def load(self, dumped: Iterable[tuple[Millis, Dumped]]) -> None:
        """Go on from what `dump` gave for each instant."""
        self._history.load(dumped)


def at_once(sizes: Mapping[Millis, int]) -> Iterator[list[Millis]]:
    """Instants, by how many ticks each has, in groups that are compared in one go."""
    some, size = list[Millis](), 0
    for time, count in sizes.items():
        if some and size + count > AT_ONCE:
            yield some
            some, size = [], 0
        some.append(time)
        size += count
    if some:
        yield some


@compiled
def _together(
    tracks: Numbers, is_new: npt.NDArray[np.bool_], begins: Numbers, pairs: Numbers
) -> tuple[Numbers, Numbers]:
    """See `Fresh.together`; a row of `pairs` has the two tracks of one."""
    found = np.empty((2, 16), np.int64)
    count = 0
    for n in range(len(begins) - 1):
        here = tracks[begins[n] : begins[n + 1]]
        for k in range(len(pairs)):
            i, j = np.searchsorted(here, pairs[k, 0]), np.searchsorted(here, pairs[k, 1])
            if i < len(here) and j < len(here) and here[i] == pairs[k, 0] and here[j] == pairs[k, 1]:
                i, j = i + begins[n], j + begins[n]
                if is_new[i] or is_new[j]:
                    if count == found.shape[1]:
                        found = np.concatenate((found, np.empty((2, count), np.int64)), axis=1)
                    found[0, count], found[1, count] = i, j
                    count += 1
    return found[0, :count].copy(), found[1, :count].copy()
