"""The positions of loiterings as events show them, each worked out once.

A loitering is told of every hour, with some hundred positions of which only the last few are new.
"""

from typing import Final

import msgspec
import numpy as np

from geofences.distance import Floats, ways_m
from geofences.surroundings import Around, Surroundings, together
from models.event import Sample
from models.report import Rows
from models.time import HOUR, Millis
from streams.detection.explanation import sample

_KEPT: Final = 256
"""Loiterings whose positions are remembered at most; 200 positions take some 50 kB."""
_PASSED: Final = 6 * HOUR
"""One whose last position is so much older than another one's makes room: its end may never be told."""


class Positions(msgspec.Struct, frozen=True):
    """Those of one loitering, oldest first."""

    rows: bytes = b""
    """What they are made of, rows of SAMPLE."""
    samples: tuple[Sample, ...] = ()
    metres: Floats = np.empty(0)
    """From each to the next."""
    shores_km: tuple[float, ...] = ()
    around: Around = (frozenset(), frozenset())
    last: Millis = 0


class LoiteringPositions:
    """Has no state but what it may forget."""

    def __init__(self, surroundings: Surroundings) -> None:
        self._surroundings = surroundings
        self._known: dict[str, Positions] = {}  # by the id of the event

    def of(self, id: str, mmsi: int, rows: Rows, *, goes_on: bool) -> Positions:
        """The positions of a loitering from its rows, SAMPLE; of one that goes on they are remembered."""
        data, known = rows.tobytes(), self._known.pop(id, Positions())
        if not data.startswith(known.rows):  # of too many, every second one went
            known = Positions()
        if len(data) > len(known.rows):
            known = self._with(known, data, mmsi, rows)
        if goes_on:
            self._remember(id, known)
        return known

    def _remember(self, id: str, positions: Positions) -> None:
        if len(self._known) >= _KEPT:
            oldest = next(iter(self._known))
            if self._known[oldest].last < positions.last - _PASSED:
                del self._known[oldest]
        if len(self._known) < _KEPT:
            self._known[id] = positions

    def _with(self, known: Positions, data: bytes, mmsi: int, rows: Rows) -> Positions:
        """The positions of these rows, of which the first ones are known."""
        count = len(known.samples)
        way = rows[max(count - 1, 0) :]
        new = rows[count:].tolist()
        lon, lat = [row[1] for row in new], [row[2] for row in new]
        return Positions(
            data,
            (*known.samples, *(sample(time, mmsi, *place) for time, *place, _, _, _ in new)),
            np.concatenate([known.metres, ways_m(way["lon"].copy(), way["lat"].copy())]),
            (*known.shores_km, *self._surroundings.shores_km(lon, lat)),
            together([known.around, self._surroundings.around(lon, lat)]),
            rows["time"].item(-1),
        )
