"""The world that a scenario fills with ships, and the registry of scenarios."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from models.event import EventType, Level
from models.sighting import SightingKind
from models.time import Millis
from streams.simulator.fleet import Fleet
from streams.simulator.kinematics import Track, beyond
from streams.simulator.radio import Receiver
from streams.simulator.vessel import Ship, Vessel


@dataclass(frozen=True)
class Anomaly:
    """What vessels say of themselves or of their place from a second on and does not hold; the level that the
    rule gives."""

    vessels: tuple[Vessel, ...]
    begin: float
    note: str
    level: Level | None = None
    type: EventType = EventType.IDENTITY


@dataclass(frozen=True)
class Look:
    """Somebody looks at the sea at a second, within metres of a place, and tells of it after a delay."""

    time: float
    lon: float
    lat: float
    reach: float
    delay: float  # seconds
    kind: SightingKind = SightingKind.IMAGE
    named: bool = False  # the ships' IMO numbers are read


@dataclass
class World:
    """What a scenario fills: ships, the receivers that hear them, and how much the feed is thinned.

    Without noise only the first receiver is used, so it has to hear everything that the truth speaks of.
    """

    rng: np.random.Generator
    fleet: Fleet
    start: Millis
    vessels: list[Vessel] = field(default_factory=list)
    receivers: tuple[Receiver, ...] = (Receiver("SIM1"),)
    thinned: float = 30.0  # seconds
    cargoes: list[tuple[Vessel, ...]] = field(default_factory=list)
    """The vessels that carried oil from a Russian port to a North Korean one, or to sea, in their order."""

    anomalies: list[Anomaly] = field(default_factory=list)
    """The anomalies of identity and position that are to be found."""
    looks: list[Look] = field(default_factory=list)
    """When somebody looked at the sea, whether or not ships were heard."""

    def add(self, ship: Ship, track: Track, **more: object) -> Vessel:
        """Put a ship on its track."""
        vessel = Vessel(ship, track, **more)  # type: ignore[arg-type]
        self.vessels.append(vessel)
        return vessel

    def hear_near(self, lon: float, lat: float) -> None:
        """Two stations within reach of a place, beside a feed that hears everything."""
        stations = [
            Receiver(name, *beyond(lon, lat, self.between(0, 360), self.between(15_000, 40_000)), reach=reach)
            for name, reach in (("SIM2", 75_000.0), ("SIM3", 60_000.0))
        ]
        self.receivers = (Receiver("SIM1"), *stations)

    def between(self, low: float, high: float) -> float:
        return float(self.rng.uniform(low, high))


Scenario = Callable[[World], None]

SCENARIOS: Final[dict[str, Scenario]] = {}
"""Every scenario by its name; filled as the modules of `streams.simulator.scenarios` are imported."""


def scenario(function: Scenario) -> Scenario:
    """Register a scenario under its function's name."""
    SCENARIOS[function.__name__] = function
    return function
