"""Crossings: a vessel that falls silent on one side of land and is heard again on the other.

Found here is only that the straight way leads over land far from any coast, from sea to sea. Whether the ship
can have gone round it is judged where events are made. Not near ports and coasts: there the land data are too
coarse, and rivers begin.
"""

from collections.abc import Sequence
from typing import Final, Protocol

import numpy as np
import numpy.typing as npt

from geofences.distance import haversine_m
from geofences.over_water import crosses_deep_land
from geofences.surroundings import Surroundings
from models.report import Rows
from models.time import HOUR
from models.vessel import Crossing

_SILENT: Final = HOUR
"""A silence from which a way is looked at. Judgement: in less time nobody comes round anything."""
_FAR: Final = 40_000.0
"""Metres between the two positions. Deep land lies 15 km from the coast on either side."""
_OFF_KM: Final = 10.0
"""Kilometres from shore and port at both ends. Judgement: five times the error of the coarser land data."""


class CrossingVessel(Protocol):
    """What is changed of a vessel's state."""

    crossing: Crossing | None


def note(
    vessels: Sequence[CrossingVessel],
    rows: Rows,
    starts: npt.NDArray[np.intp],
    surroundings: Surroundings,
) -> None:
    """Note the crossings of one step. `rows` are POSITION rows of one track after the other, `starts` where
    each begins, `vessels` whose they are."""
    times = rows["time"]
    silent = times[1:] - times[:-1] >= _SILENT
    silent[starts[1:] - 1] = False  # from one track to the next
    for i in silent.nonzero()[0].tolist():
        before, after = rows[i].tolist(), rows[i + 1].tolist()
        ends = before[3], before[4], after[3], after[4]
        if float(haversine_m(*ends)) < _FAR or not crosses_deep_land(*ends):
            continue
        if all(
            min(surroundings.shore_km(lon, lat), surroundings.port_km(lon, lat)) >= _OFF_KM
            for lon, lat in (ends[:2], ends[2:])
        ):
            owner = int(np.searchsorted(starts, i, "right")) - 1
            vessels[owner].crossing = Crossing(before[0], *ends[:2], after[0], *ends[2:])
