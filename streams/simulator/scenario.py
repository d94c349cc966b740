"""A scenario: a function that puts ships into a world. `simulate` turns it into lines and truth."""

import zlib
from dataclasses import dataclass

import numpy as np

from models.errors import InputError
from models.sighting import Sighting
from models.time import DAY, HOUR, MINUTE, Millis, from_text
from models.truth import Truth
from streams.simulator import identity_truth, looking, radio, truth
from streams.simulator.fleet import Fleet
from streams.simulator.radio import NOISE
from streams.simulator.scenarios import SCENARIOS
from streams.simulator.world import Scenario, World


def scenarios() -> dict[str, Scenario]:
    """All scenarios by name, sorted. A docstring says what happens and what the truth is."""
    return dict(sorted(SCENARIOS.items()))


class UnknownName(InputError):
    """A scenario or a level of noise that does not exist; the message lists those that do."""


@dataclass(frozen=True)
class Recording:
    """The lines in the order of arrival, without line ends, and what really happened."""

    lines: list[str]
    truth: Truth
    world: World
    sightings: tuple[Sighting, ...] = ()
    """What others saw."""


def build(name: str, seed: int, start: Millis | None = None) -> World:
    """The ships of a scenario that begins at `start`, before anything is heard of them.

    Without `start` it begins some time in 2024, by the seed. Raises UnknownName.
    """
    known = scenarios()
    if name not in known:
        raise UnknownName(f"there is no scenario {name!r}; there are {', '.join(known)}")
    rng = np.random.default_rng([zlib.crc32(name.encode()), seed])
    by_seed = from_text("2024-01-08T00:00:00Z") + int(rng.integers(0, 300)) * DAY
    by_seed += int(rng.integers(0, 24)) * HOUR + int(rng.integers(0, 60)) * MINUTE
    world = World(rng, Fleet(rng), by_seed if start is None else start // MINUTE * MINUTE)
    known[name](world)
    return world


def simulate(name: str, seed: int = 0, noise: str = "none", start: Millis | None = None) -> Recording:
    """Run a scenario. The same name, seed, noise and start give the same lines. Raises UnknownName.

    What ships do and when they transmit depends on name and seed alone: the noise has a stream of its own.
    """
    if noise not in NOISE:
        raise UnknownName(f"there is no noise {noise!r}; there are {', '.join(NOISE)}")
    world = build(name, seed, start)
    heard = radio.receive(
        world.vessels,
        world.receivers,
        NOISE[noise],
        world.thinned,
        world.start // 1000,
        world.rng,
        np.random.default_rng([zlib.crc32(name.encode()), seed, zlib.crc32(noise.encode())]),
    )
    happened = truth.events(world.vessels, world.start, world.cargoes)
    events = (
        *happened,
        *identity_truth.events(world.anomalies, world.start),
        *looking.dark_vessels(world.vessels, world.looks, world.start),
    )
    allowed = truth.allowed(world.vessels, world.receivers, world.start)
    allowed += tuple(identity_truth.allowed(world.vessels, world.start))
    allowed += tuple(identity_truth.jammed(heard.jams, world.start))
    found = Truth(name, seed, noise, len(world.vessels), events, allowed=allowed)
    rng = np.random.default_rng([zlib.crc32(name.encode()), seed, 1])
    return Recording(
        heard.lines, found, world, looking.sightings(world.vessels, world.looks, world.start, rng)
    )
