"""What really happened, from the noise-free kinematics and the waters that each leg is in.

encounter   two ships, one at least a tanker and none a tug, pilot, tender or buoy, with their antennas at
            most 500 m apart and both below 2 knots for 30 minutes or more, outside ports; interruptions
            under 4 hours merge
loitering   a tanker below 2 knots without a break for 4 hours, in transfer areas for 2, outside ports
port_visit  a tanker between entering and leaving a port (with its roads) in which it stops (below 0.2 knots)

Only what can be heard counts: where the AIS is off, nothing is seen to happen.
"""

from collections.abc import Iterator
from itertools import combinations
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from models.event import EventType
from models.time import Millis, to_text
from models.truth import TrueEvent
from streams.simulator.kinematics import HOUR, Floats, Place, Waters
from streams.simulator.vessel import NOT_PARTNERS, STEP, Vessel

Span = tuple[float, float]
"""First and last second."""

NEAR: Final = 500.0
SLOW: Final = 2.0
STOPPED: Final = 0.2
ENCOUNTER: Final = 0.5 * HOUR
MERGE: Final = 4 * HOUR
LOITERING: Final = {Waters.OPEN: 4 * HOUR, Waters.ROADS: 4 * HOUR, Waters.STS: 2 * HOUR}


def events(vessels: list[Vessel], start: Millis) -> tuple[TrueEvent, ...]:
    """All events of a scenario that begins at `start`, by time."""

    def event(kind: EventType, who: tuple[Vessel, ...], span: Span, note: str) -> TrueEvent:
        begin, end = (start + round(second * 1000) for second in span)
        mmsis = tuple(sorted(vessel.ship.mmsi for vessel in who))
        ended = all(span[1] < vessel.times[-1] for vessel in who)
        return TrueEvent(kind, mmsis, to_text(begin), to_text(end) if ended else None, note)

    found = []
    for a, b in combinations(vessels, 2):
        found += [event(EventType.ENCOUNTER, (a, b), span, _hours(span)) for span in encounters(a, b)]
    for vessel in vessels:
        if vessel.ship.tanker:
            for span, waters in slow_phases(vessel):
                if span[1] - span[0] >= LOITERING[waters]:
                    found.append(event(EventType.LOITERING, (vessel,), span, f"{_hours(span)}, {waters}"))
            for span, port in port_visits(vessel):
                found.append(event(EventType.PORT_VISIT, (vessel,), span, port))
    return tuple(sorted(found, key=lambda one: (one.start, one.type, one.mmsis)))


def encounters(a: Vessel, b: Vessel) -> list[Span]:
    """When the two lay together, by the definition above; contacts under 4 hours apart merged."""
    return [span for span in merged(contacts(a, b), MERGE) if span[1] - span[0] >= ENCOUNTER]


def contacts(a: Vessel, b: Vessel) -> list[Span]:
    """When the two were close and slow and could be seen to be, however short."""
    if not _may_meet(a, b):
        return []
    times, at_a, at_b = np.intersect1d(a.times, b.times, assume_unique=True, return_indices=True)
    slow = a.on_air(times) & b.on_air(times)
    for vessel, at in ((a, at_a), (b, at_b)):
        slow &= (vessel.samples.sog[at] < SLOW) & ~_in_port(vessel)[at]
    which = np.flatnonzero(slow)
    distance = _chord(a, at_a[which], b, at_b[which])
    return spans(times[which[distance <= NEAR]])


def slow_phases(vessel: Vessel) -> Iterator[tuple[Span, Waters]]:
    """When a ship was below 2 knots outside ports and heard, and in what waters it began to be."""
    slow = (vessel.samples.sog < SLOW) & ~_in_port(vessel) & vessel.on_air(vessel.times)
    for span in spans(vessel.times[slow]):
        middle = np.array([(span[0] + span[1]) / 2])
        yield span, vessel.track.legs[vessel.track.leg_at(middle)[0]].place.waters


def port_visits(vessel: Vessel) -> Iterator[tuple[Span, str]]:
    """Calls with a stop, and the port."""
    places = _places(vessel)
    for port in sorted({place.port for place in places if place.port}):
        inside = np.array([place.port == port for place in places])
        for span in spans(vessel.times[inside & vessel.on_air(vessel.times)]):
            during = (vessel.times >= span[0]) & (vessel.times <= span[1])
            if (vessel.samples.sog[during] < STOPPED).any():
                yield span, port


def spans(times: Floats) -> list[Span]:
    """Runs of successive sample times."""
    if not len(times):
        return []
    breaks = np.flatnonzero(np.diff(times) > 1.5 * STEP)
    firsts, lasts = np.concatenate([[0], breaks + 1]), np.concatenate([breaks, [len(times) - 1]])
    return [(float(times[i]), float(times[j])) for i, j in zip(firsts, lasts, strict=True)]


def merged(parts: list[Span], within: float) -> list[Span]:
    """Spans with gaps shorter than `within` seconds closed."""
    out: list[Span] = []
    for part in parts:
        if out and part[0] - out[-1][1] < within:
            out[-1] = (out[-1][0], part[1])
        else:
            out.append(part)
    return out


def _may_meet(a: Vessel, b: Vessel) -> bool:
    if a.ship.mmsi == b.ship.mmsi or (a.hull and a.hull == b.hull):
        return False
    if not (a.ship.tanker or b.ship.tanker):
        return False
    return all(one.ship.partner and one.ship.ship_type not in NOT_PARTNERS for one in (a, b))


def _places(vessel: Vessel) -> list[Place]:
    legs = vessel.track.legs
    return [legs[i].place for i in vessel.track.leg_at(vessel.times)]


def _in_port(vessel: Vessel) -> npt.NDArray[np.bool_]:
    return np.array([place.waters is Waters.PORT for place in _places(vessel)], dtype=bool)


def _chord(a: Vessel, at_a: npt.NDArray[Any], b: Vessel, at_b: npt.NDArray[Any]) -> Floats:
    """Metres between two ships, straight through the earth: the same as along it where it matters."""
    difference = _cartesian(a, at_a) - _cartesian(b, at_b)
    return np.asarray(np.sqrt((difference**2).sum(axis=0)))


def _cartesian(vessel: Vessel, at: npt.NDArray[Any]) -> Floats:
    """Earth-centred coordinates of samples on WGS 84, metres."""
    lon, lat = np.radians(vessel.samples.lon[at]), np.radians(vessel.samples.lat[at])
    axis, eccentricity = 6_378_137.0, 0.00669437999014
    normal = axis / np.sqrt(1 - eccentricity * np.sin(lat) ** 2)
    return np.array(
        [
            normal * np.cos(lat) * np.cos(lon),
            normal * np.cos(lat) * np.sin(lon),
            normal * (1 - eccentricity) * np.sin(lat),
        ]
    )


def _hours(span: Span) -> str:
    return f"{(span[1] - span[0]) / HOUR:.2f} h"
