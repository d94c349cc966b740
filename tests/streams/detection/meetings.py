"""Made-up meetings of two tankers, for tests of encounters by kind: random within a kind, truth known.

A is 180 m long, B 100 m. B comes from 15 km away, lies beside A for some hours at a gap of metres, and goes.
Positions have errors of a few metres. What is heard of each is chosen by the test.
"""

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from models.event import Event, EventType, Status
from models.report import Rows
from models.tick import Instant
from models.time import END
from models.vessel import Dimensions, Identity
from tests.streams.track_factories import (
    A,
    B,
    identity,
    instants,
    latest,
    meeting_stage,
    minute_of,
    ticks,
)

Minutes = npt.NDArray[np.float64]
BIG, SMALL = Dimensions(150, 30, 16, 16), Dimensions(80, 20, 8, 8)
STEP = 5.0
KNOT = 1852 / 60
"""Metres a minute."""
COMING = 30.0
"""Minutes that B takes from 15 km away, and back."""


@dataclass
class Meeting:
    """Two ships, and when each was heard: minutes after noon; alongside from 0 to `until`."""

    seed: int
    until: float
    knots: float = 0.4
    beside: float = 28.0
    """Metres between the antennas: 4 m between hulls."""
    noise: float = 5.0
    heard: dict[int, Minutes] = field(default_factory=dict)
    known: list[Identity] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.rng = np.random.default_rng(self.seed)
        self.course = float(self.rng.uniform(0, 360))
        every = np.arange(-120, self.until + 121, STEP)
        self.heard = self.heard or {A: every, B: every}
        names = {A: ("MOTHER", "UAAA", BIG), B: ("DAUGHTER", "UBBB", SMALL)}
        self.known = self.known or [
            identity(mmsi, minute=-300, size=size, name=name, callsign=sign)
            for mmsi, (name, sign, size) in names.items()
        ]

    def silent(self, mmsi: int, start: float, end: float) -> None:
        """Drop what is heard of a vessel between two minutes."""
        minutes = self.heard[mmsi]
        self.heard[mmsi] = minutes[(minutes < start) | (minutes > end)]

    def by_satellite(self, mmsi: int, rhythm: float) -> None:
        """Heard once in so many minutes, at times that no grid knows."""
        first = -120 + self.rng.uniform(0, rhythm)
        minutes = np.arange(first, self.until + 120, rhythm)
        self.heard[mmsi] = minutes + self.rng.uniform(0.01, 0.9, len(minutes))

    def rows(self, mmsi: int, ship: int) -> Rows:
        """The ticks under an MMSI, of ship A or B."""
        minutes = self.heard[mmsi]
        way = minutes * self.knots * KNOT
        sin, cos = np.sin(np.radians(self.course)), np.cos(np.radians(self.course))
        away = np.zeros(len(minutes))
        sog = np.full(len(minutes), max(self.knots, 0.1))
        if ship == B:
            before, after = np.clip(-minutes, 0, None), np.clip(minutes - self.until, 0, None)
            away = (before + after) / COMING * 15_000
            sog = np.where(away > 0, 14.0, sog)
            away = away + self.beside
        east = way * sin + away * cos + self.rng.normal(0, self.noise, len(minutes))
        north = way * cos - away * sin + self.rng.normal(0, self.noise, len(minutes))
        return ticks(mmsi, minutes, east, north, sog=sog, heading=self.course)

    def instants(self, ships: dict[int, int] | None = None) -> list[Instant]:
        """What VesselStage would say; `ships` has the ship (A or B) behind each further MMSI."""
        behind = {A: A, B: B} | (ships or {})
        rows = [self.rows(mmsi, behind[mmsi]) for mmsi in self.heard]
        return instants(rows, self.known)

    def events(self, ships: dict[int, int] | None = None) -> list[Event]:
        """The last revision of every encounter that is not taken back."""
        stage = meeting_stage()
        for instant in self.instants(ships):
            stage.feed(instant)
        found = stage.advance(END)
        standing = [event for event in latest(found) if event.status is not Status.RETRACTED]
        return [event for event in standing if event.type is EventType.ENCOUNTER]


def spans(event: Event, start: float, end: float, margin: float = 15) -> bool:
    """Whether an event begins and ends (or is still open) at these minutes, give or take."""
    late = event.end is not None and abs(minute_of(event.end) - end) > margin
    return abs(minute_of(event.start) - start) <= margin and not late
