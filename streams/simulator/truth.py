"""What really happened, from the noise-free kinematics and the waters that each leg is in.

encounter   two ships, one at least a tanker and none a tug, pilot, tender or buoy, in contact for 30 minutes
            or more outside ports. Contact: antennas at most 500 m apart and both below 2 knots, or below 3.5
            knots with the same speed and course; or made fast to each other and below 6 knots. Interruptions
            under 4 hours merge, and those under 24 hours if the two stay made fast. `probable` from 2 hours
            of contact, or 1 hour made fast
loitering   a tanker below 2 knots without a break for 4 hours, in transfer areas for 2, outside ports
port_visit  a tanker between entering and leaving a port (with its roads) in which it stops (below 0.2 knots)
chain       a cargo that the scenario says was carried: from the first port visit of its first vessel or its
            call in the dark, or else the first encounter of the two first, to the last visit of its last
            vessel to a North Korean port. `probable` if it began at a Russian port, or with a North Korean
            vessel
dark_encounter   two ships that both count and were never seen in contact, made fast to each other for 2
            hours or more while one or both had the AIS off for 6 hours or more, and on again later
gap, dark_port_visit   `silence_truth` says what they are
dark_vessel   `looking` says what it is

Only what can be heard counts: where the AIS is off, nothing is seen to happen.
"""

import math
from collections.abc import Iterable, Iterator, Sequence
from itertools import combinations
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from models.event import EventType, Level
from models.time import Millis, to_text
from models.truth import TrueEvent
from streams.simulator import silence_truth
from streams.simulator.kinematics import HOUR, Beside, Floats, Waters
from streams.simulator.radio import Receiver
from streams.simulator.silence_truth import Found
from streams.simulator.vessel import NOT_PARTNERS, STEP, Vessel

Span = tuple[float, float]
"""First and last second."""

NEAR: Final = 500.0
SLOW: Final = 2.0
TOGETHER: Final = 3.5
"""Knots below which two that move alike drift together."""
ALIKE: Final = 0.5
"""Knots by which the velocities of two that drift together differ at most."""
TRANSFER: Final = 6.0
"""Knots below which two that are made fast to each other are in contact."""
STOPPED: Final = 0.2
ENCOUNTER: Final = 0.5 * HOUR
PROBABLE: Final = 2 * HOUR
PROBABLE_FAST: Final = HOUR
MERGE: Final = 4 * HOUR
_KOREAN: Final = "KP"
"""How the UN/LOCODE of a North Korean port begins."""
_KOREAN_MID: Final = 445
MERGE_FAST: Final = 24 * HOUR
IN_THE_DARK: Final = 2 * HOUR
LOITERING: Final = {Waters.OPEN: 4 * HOUR, Waters.ROADS: 4 * HOUR, Waters.STS: 2 * HOUR}


def events(
    vessels: list[Vessel], start: Millis, cargoes: Sequence[tuple[Vessel, ...]] = ()
) -> tuple[TrueEvent, ...]:
    """All events of a scenario that begins at `start`, by time; `cargoes` are who carried each in turn."""
    until = max(vessel.track.end for vessel in vessels)
    silences = list(silence_truth.gaps_and_calls(vessels, until))

    def event(
        kind: EventType, who: tuple[Vessel, ...], span: Span, note: str, level: Level | None = None
    ) -> TrueEvent:
        begin, end = (start + round(second * 1000) for second in span)
        numbers = {vessel.ship_at(span[0]).mmsi for vessel in who}
        if kind is EventType.CHAIN:  # it knows all numbers of a vessel
            numbers |= {ship.mmsi for vessel in who for _, ship in vessel.identities}
        mmsis = tuple(sorted(numbers))
        last = who[-1:] if kind is EventType.CHAIN else who  # the others may be out of sight by then
        ended = all(span[1] < vessel.times[-1] for vessel in last)
        return TrueEvent(kind, mmsis, to_text(begin), to_text(end) if ended else None, note, level)

    found = []
    for a, b in combinations(vessels, 2):
        found += [
            event(EventType.ENCOUNTER, (a, b), span, _hours(span), level) for span, level in encounters(a, b)
        ]
        found += [
            event(EventType.DARK_ENCOUNTER, (a, b), span, _hours(span)) for span in dark_encounters(a, b)
        ]
    for vessel in vessels:
        if vessel.ship.counts:
            for span, waters in slow_phases(vessel):
                if span[1] - span[0] >= LOITERING[waters]:
                    found.append(event(EventType.LOITERING, (vessel,), span, f"{_hours(span)}, {waters}"))
            for span, port in port_visits(vessel):
                found.append(event(EventType.PORT_VISIT, (vessel,), span, port))
    for carriers in cargoes:
        found.append(event(EventType.CHAIN, carriers, *_cargo(carriers, silences)))
    found += _as_events(silences, start)
    return tuple(sorted(found, key=lambda one: (one.start, one.type, one.mmsis)))


def allowed(vessels: list[Vessel], receivers: Sequence[Receiver], start: Millis) -> tuple[TrueEvent, ...]:
    """What may be found and need not be, in a scenario that begins at `start`."""
    until = max(vessel.track.end for vessel in vessels)
    return tuple(_as_events(silence_truth.may_be_found(vessels, receivers, until), start))


def _as_events(found: Iterable[Found], start: Millis) -> list[TrueEvent]:
    return [
        TrueEvent(
            one.type,
            (one.mmsi,),
            to_text(start + round(one.begin * 1000)),
            None if one.end is None else to_text(start + round(one.end * 1000)),
            one.note,
            one.level,
        )
        for one in found
    ]


def encounters(a: Vessel, b: Vessel) -> list[tuple[Span, Level]]:
    """When the two lay together, and the level, by the definition above."""
    met, fast = contacts(a, b), spans(made_fast(a, b))
    found = []
    for span in merged(met, MERGE, fast):
        contact, secured = (
            sum(
                min(end, span[1]) - max(begin, span[0])
                for begin, end in parts
                if begin < span[1] and end > span[0]
            )
            for parts in (met, fast)
        )
        if contact >= ENCOUNTER:
            probable = contact >= PROBABLE or min(contact, secured) >= PROBABLE_FAST
            found.append((span, Level.PROBABLE if probable else Level.POSSIBLE))
    return found


def dark_encounters(a: Vessel, b: Vessel) -> Iterator[Span]:
    """When the two lay together and nobody could see it, by the definition above."""
    if not (a.ship.counts and b.ship.counts) or contacts(a, b):
        return
    for times in (np.arange(begin, end + 1, STEP) for begin, end in spans(made_fast(a, b))):
        unseen = np.zeros(len(times), bool)
        for vessel in (a, b):
            for begin, end in vessel.silences:
                if _is_gap(vessel, begin, end):
                    unseen |= (times >= begin) & (times <= end)
        yield from (span for span in spans(times[unseen]) if span[1] - span[0] >= IN_THE_DARK)


def _is_gap(vessel: Vessel, begin: float, end: float) -> bool:
    """Whether a time with the AIS off is a gap that is over, of a vessel that had been heard before."""
    heard = begin - vessel.track.begin >= silence_truth.HEARD
    return heard and end - begin >= silence_truth.POSSIBLE and end < vessel.track.end


def _cargo(carriers: tuple[Vessel, ...], silences: Sequence[Found]) -> tuple[Span, str, Level]:
    """When a cargo was on its way, how it went, and the level that the rule gives."""
    first, last = carriers[0], carriers[-1]
    loads = [span[0] for span, port in port_visits(first) if not port.startswith(_KOREAN)]
    loads += [
        one.begin
        for one in silences
        if one.type is EventType.DARK_PORT_VISIT and one.mmsi == first.ship.mmsi
        if not one.note.startswith(_KOREAN)
    ]
    ends = [span for span, port in port_visits(last) if port.startswith(_KOREAN)]
    begin = min(loads) if loads else encounters(first, carriers[1])[0][0][0]
    named = any(vessel.ship.mmsi // 1_000_000 == _KOREAN_MID for vessel in carriers)
    level = Level.PROBABLE if loads or named else Level.POSSIBLE
    return (begin, ends[-1][1]), f"{len(carriers) - 1} transfers", level


def contacts(a: Vessel, b: Vessel) -> list[Span]:
    """When the two were in contact and could be seen to be, however short."""
    if not _may_meet(a, b):
        return []
    times, at_a, at_b = np.intersect1d(a.times, b.times, assume_unique=True, return_indices=True)
    faster = np.maximum(a.samples.sog[at_a], b.samples.sog[at_b])
    secured = np.isin(times, made_fast(a, b))
    met = (faster < SLOW) | (secured & (faster < TRANSFER))
    met |= (faster < TOGETHER) & (_difference(a, at_a, b, at_b) < ALIKE)
    met &= a.on_air(times) & b.on_air(times)
    for vessel, at in ((a, at_a), (b, at_b)):
        met &= ~_in_port(vessel)[at]
    which = np.flatnonzero(met)
    distance = _chord(a, at_a[which], b, at_b[which])
    return spans(times[which[distance <= NEAR]])


def made_fast(a: Vessel, b: Vessel) -> Floats:
    """The sample times at which one of the two is made fast to the other, heard or not."""
    out = [np.empty(0)]
    for one, other in ((a, b), (b, a)):
        beside = [
            isinstance(leg.motion, Beside) and leg.motion.other is other.track for leg in one.track.legs
        ]
        out.append(one.times[np.array(beside, bool)[one.leg_numbers]])
    return np.unique(np.concatenate(out))


def slow_phases(vessel: Vessel) -> Iterator[tuple[Span, Waters]]:
    """When a ship was below 2 knots outside ports, as far as it was heard at both ends, and in what waters.

    A silence within does not cut the phase: the ship lay there.
    """
    heard = vessel.on_air(vessel.times)
    for whole in spans(vessel.times[(vessel.samples.sog < SLOW) & ~_in_port(vessel)]):
        times = vessel.times[heard & (vessel.times >= whole[0]) & (vessel.times <= whole[1])]
        if not len(times):
            continue
        span = float(times[0]), float(times[-1])
        middle = np.array([(span[0] + span[1]) / 2])
        yield span, vessel.track.legs[vessel.track.leg_at(middle)[0]].place.waters


def port_visits(vessel: Vessel) -> Iterator[tuple[Span, str]]:
    """Calls with a stop, and the port."""
    for port in sorted({leg.place.port for leg in vessel.track.legs if leg.place.port}):
        inside = np.array([leg.place.port == port for leg in vessel.track.legs], bool)[vessel.leg_numbers]
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


def merged(parts: list[Span], within: float, over: Sequence[Span] = ()) -> list[Span]:
    """Spans with gaps under `within` seconds closed, and those under MERGE_FAST that one of `over` covers."""
    out: list[Span] = []
    for part in parts:
        gap = (out[-1][1], part[0]) if out else (0.0, math.inf)
        covered = gap[1] - gap[0] < MERGE_FAST and any(
            begin <= gap[0] and gap[1] <= end for begin, end in over
        )
        if gap[1] - gap[0] < within or covered:
            out[-1] = (out[-1][0], part[1])
        else:
            out.append(part)
    return out


def _may_meet(a: Vessel, b: Vessel) -> bool:
    if a.ship.mmsi == b.ship.mmsi or (a.hull and a.hull == b.hull):
        return False
    if not (a.ship.counts or b.ship.counts):
        return False
    return all(one.ship.partner and one.ship.ship_type not in NOT_PARTNERS for one in (a, b))


def _in_port(vessel: Vessel) -> npt.NDArray[np.bool_]:
    """Whether it is in a port, at each sample time."""
    return np.array([leg.place.waters is Waters.PORT for leg in vessel.track.legs], bool)[vessel.leg_numbers]


def _difference(a: Vessel, at_a: npt.NDArray[Any], b: Vessel, at_b: npt.NDArray[Any]) -> Floats:
    """Knots between the velocities of two ships."""
    one, two = (
        vessel.samples.sog[at] * np.exp(1j * np.radians(vessel.samples.cog[at]))
        for vessel, at in ((a, at_a), (b, at_b))
    )
    return np.asarray(np.abs(one - two))


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
