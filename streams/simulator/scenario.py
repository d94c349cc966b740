"""A scenario: a function that puts ships into a world. `simulate` turns it into lines and truth."""

import zlib
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from models.time import DAY, HOUR, MINUTE, Millis, from_text
from streams.simulator import radio, truth
from streams.simulator.fleet import Fleet
from streams.simulator.kinematics import Track, beyond
from streams.simulator.radio import NOISE, Receiver
from streams.simulator.truth import Truth
from streams.simulator.vessel import Ship, Vessel


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

_SCENARIOS: Final[dict[str, Scenario]] = {}


def scenario(function: Scenario) -> Scenario:
    """Register a scenario under its function's name."""
    _SCENARIOS[function.__name__] = function
    return function


def scenarios() -> dict[str, Scenario]:
    """All scenarios by name, sorted. A docstring says what happens and what the truth is."""
    import streams.simulator.scenarios  # noqa: F401  registers them, and needs this module itself

    return dict(sorted(_SCENARIOS.items()))


class UnknownName(ValueError):
    """A scenario or a level of noise that does not exist; the message lists those that do."""


@dataclass(frozen=True)
class Recording:
    """The lines in the order of arrival, without line ends, and what really happened."""

    lines: list[str]
    truth: Truth
    world: World


def build(name: str, seed: int) -> World:
    """The ships of a scenario, before anything is heard of them. Raises UnknownName."""
    known = scenarios()
    if name not in known:
        raise UnknownName(f"there is no scenario {name!r}; there are {', '.join(known)}")
    rng = np.random.default_rng([zlib.crc32(name.encode()), seed])
    start = from_text("2024-01-08T00:00:00Z") + int(rng.integers(0, 300)) * DAY
    start += int(rng.integers(0, 24)) * HOUR + int(rng.integers(0, 60)) * MINUTE
    world = World(rng, Fleet(rng), start)
    known[name](world)
    return world


def simulate(name: str, seed: int = 0, noise: str = "none") -> Recording:
    """Run a scenario. The same name, seed and noise give the same lines. Raises UnknownName.

    What ships do and when they transmit depends on name and seed alone: the noise has a stream of its own.
    """
    if noise not in NOISE:
        raise UnknownName(f"there is no noise {noise!r}; there are {', '.join(NOISE)}")
    world = build(name, seed)
    lines = radio.receive(
        world.vessels,
        world.receivers,
        NOISE[noise],
        world.thinned,
        world.start // 1000,
        world.rng,
        np.random.default_rng([zlib.crc32(name.encode()), seed, zlib.crc32(noise.encode())]),
    )
    events = truth.events(world.vessels, world.start)
    return Recording(lines, Truth(name, seed, noise, len(world.vessels), events), world)
