"""What others see of the ships of a scenario: sightings, and which of them are of ships that nobody hears.

Every ship within reach of a look is seen, whether or not its AIS transmits: at its middle, with errors of
place and length as images have them. dark_vessel: a ship that never transmits, seen in a transfer area or in
the roads of a watched port; looks within 12 hours of each other see it once.
"""

from collections.abc import Iterator, Sequence
from typing import Final

import numpy as np

from models.event import EventType, Level
from models.sighting import Sighting
from models.time import Millis, to_text
from models.truth import TrueEvent
from streams.simulator.kinematics import HOUR, Waters, beyond, inverse
from streams.simulator.vessel import Vessel
from streams.simulator.world import Look

PLACE_ERROR: Final = 60.0
"""Metres, standard deviation in each direction."""
LENGTH_ERROR: Final = 0.06
"""Share of the length, standard deviation."""
ONE_EVENT: Final = 12 * HOUR


def sightings(
    vessels: Sequence[Vessel], looks: Sequence[Look], start: Millis, rng: np.random.Generator
) -> tuple[Sighting, ...]:
    """All that is seen, in the order in which it is known. What is drawn does not depend on the noise."""
    found = []
    for number, look in enumerate(looks):
        for vessel in _within(vessels, look):
            lon, lat, heading = vessel.track.place_at(look.time)
            ship = vessel.ship
            lon, lat = beyond(lon, lat, heading, ship.length / 2 - ship.to_stern)  # from antenna to middle
            lon, lat = beyond(lon, lat, rng.uniform(0, 360), abs(rng.normal(0, PLACE_ERROR)))
            length = ship.length * (1 + rng.normal(0, LENGTH_ERROR))
            found.append(
                Sighting(
                    time=start + round(look.time * 1000),
                    lon=round(lon, 5),
                    lat=round(lat, 5),
                    received=start + round((look.time + look.delay) * 1000),
                    accuracy=3 * PLACE_ERROR,
                    length=round(length, 1),
                    kind=look.kind,
                    imo=ship.imo if look.named and ship.imo else None,
                    reference=f"SIM-{number + 1}",
                    source=f"SIM {look.kind}",
                )
            )
    return tuple(sorted(found, key=lambda each: each.key))


def dark_vessels(vessels: Sequence[Vessel], looks: Sequence[Look], start: Millis) -> Iterator[TrueEvent]:
    """The ships that are seen and never heard, with the length as a note."""
    for vessel in vessels:
        if vessel.on_air(vessel.times).any():
            continue
        seen = [look.time for look in looks if _within([vessel], look)]
        times = [time for time in seen if _watched(vessel, time)]
        groups: list[list[float]] = []
        for time in sorted(times):
            if groups and time - groups[-1][-1] <= ONE_EVENT:
                groups[-1].append(time)
            else:
                groups.append([time])
        for group in groups:
            begin, end = (to_text(start + round(time * 1000)) for time in (group[0], group[-1]))
            note = f"{vessel.ship.length} m"
            yield TrueEvent(EventType.DARK_VESSEL, (), begin, end, note, Level.POSSIBLE)


def _within(vessels: Sequence[Vessel], look: Look) -> list[Vessel]:
    seen = []
    for vessel in vessels:
        if vessel.track.begin <= look.time <= vessel.track.end:
            lon, lat, _ = vessel.track.place_at(look.time)
            if float(inverse(look.lon, look.lat, lon, lat)[1]) <= look.reach:
                seen.append(vessel)
    return seen


def _watched(vessel: Vessel, time: float) -> bool:
    leg = vessel.track.legs[int(vessel.track.leg_at(np.array([time]))[0])]
    return leg.place.waters in (Waters.STS, Waters.ROADS)
