"""Ticks: where a vessel was at the instants of a fixed time grid, for comparing vessels with each other.

A fix after a silence that is too long to interpolate over is a tick at its own time.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final, Self

import msgspec
import numpy as np

from models.drawn_fence import FenceVersion
from models.event import Event
from models.report import Rows
from models.sighting import Sighting
from models.time import DAY, Millis
from models.vessel import Identity

TICK: Final = np.dtype(
    [
        ("time", "i8"),  # the instant of the grid this position is for; a lone fix: its own. Milliseconds UTC
        ("mmsi", "u4"),
        ("segment", "u2"),  # track segment under this MMSI: 0 unless it is two ships, or has moved by a leap
        ("lon", "f8"),
        ("lat", "f8"),
        ("sog", "f4"),  # knots: as reported, or implied where that is missing or contradicted; NaN if unknown
        ("cog", "f4"),  # degrees, of the nearer fix; NaN when not available
        ("heading", "f4"),  # degrees, of the nearer fix; NaN when not available
        ("status", "u1"),  # navigational status of the nearer fix
        ("backfilled", "?"),  # emitted later than the step after its time: the second fix came late
        ("stations", "i4"),  # index into Instant.stations
        ("between", "?"),  # no fix since the tick before: it only lies on the way from one fix to the next
        ("error", "f4"),  # metres that the position may be off because it is rounded; 0 where it is not
    ]
)
_BEFORE: Final = np.dtype(TICK.descr[:-2])
"""How versions before kept ticks in checkpoints and topics: without the last two columns."""


def ticks_from(data: bytes, until: Millis) -> Rows:
    """Ticks that were kept as bytes, none of them later than `until`. Raises ValueError.

    Their number of bytes tells which layout they have, and where both fit, their times: read in the wrong
    one, they make no sense.
    """
    fit = [layout for layout in (TICK, _BEFORE) if len(data) % layout.itemsize == 0]
    for layout in fit:
        rows: Rows = np.frombuffer(data, layout)
        if len(fit) == 1 or ((until - DAY < rows["time"]) & (rows["time"] <= until)).all():
            return rows if layout is TICK else _widened(rows)
    raise ValueError(f"{len(data)} bytes are no ticks")


def _widened(rows: Rows) -> Rows:
    whole = np.zeros(len(rows), TICK)
    for name in _BEFORE.names or ():
        whole[name] = rows[name]
    return whole


def no_ticks() -> Rows:
    return np.empty(0, TICK)


@dataclass(frozen=True, slots=True)
class Instant:
    """All that VesselStage says at one instant of the grid: ticks, changed identities, events of one vessel,
    what others saw and is known since the instant before, and which fences were drawn since.

    `ticks` is sorted by (time, mmsi, segment), `identities` by mmsi, `events` by id and revision, `sightings`
    and `drawn` by their key.
    """

    time: Millis
    ticks: Rows = field(default_factory=no_ticks)
    identities: Sequence[Identity] = ()
    events: tuple[Event, ...] = ()
    stations: tuple[tuple[str, ...], ...] = ((),)
    sightings: tuple[Sighting, ...] = ()
    drawn: tuple[FenceVersion, ...] = ()

    @property
    def only_drawn(self) -> bool:
        """Whether it says nothing but which fences were drawn."""
        return not (len(self.ticks) or self.identities or self.events or self.sightings)


class PackedInstant(msgspec.Struct, frozen=True, array_like=True):
    """An instant, or a part of it, as checkpoints and topics hold it."""

    time: Millis
    ticks: bytes
    identities: list[Identity]
    stations: list[tuple[str, ...]]
    events: list[Event] = []
    sightings: list[Sighting] = []
    drawn: list[FenceVersion] = []

    @classmethod
    def of(cls, instant: Instant) -> Self:
        return cls(
            instant.time,
            instant.ticks.tobytes(),
            list(instant.identities),
            list(instant.stations),
            list(instant.events),
            list(instant.sightings),
            list(instant.drawn),
        )

    def instant(self) -> Instant:
        """Raises ValueError if the bytes are no ticks."""
        return Instant(
            self.time,
            ticks_from(self.ticks, self.time),
            tuple(self.identities),
            tuple(self.events),
            tuple(self.stations),
            tuple(self.sightings),
            tuple(self.drawn),
        )
