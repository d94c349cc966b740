"""What is true of silences: gaps, calls in the dark, and what may be found without being either.

gap              a vessel that counts and had been heard for an hour switches its AIS off, for 6 hours or
                 more, or 24 at rest in a port. `probable` from 12 hours on, if it was not in a port and two
                 other ships were within 40 km before, and in half of the hours of the silence
dark_port_visit  during a gap the vessel lies stopped in a port for 4 hours or more. `probable` if the gap is,
                 its draught is another one afterwards, and no port of another country was so near that the
                 ship could have called there; or if it fell silent in the port and was heard again outside

What may be found: silences of 3 hours or more in which no receiver was in reach (`possible` at most), or
after a vessel's track has ended before the others' (any level); and, `possible` at most, a call in the dark
in any silence, because it says no more than that a port was within reach.
"""

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Final, NamedTuple

import numpy as np

from geofences.world_ports import world_ports
from models.event import EventType, Level
from streams.simulator.kinematics import HOUR, KNOT, Waters, inverse
from streams.simulator.radio import Receiver
from streams.simulator.vessel import Vessel

HEARD: Final = HOUR
POSSIBLE: Final = 6 * HOUR
PROBABLE: Final = 12 * HOUR
IN_PORT: Final = 24 * HOUR
BY_RECEPTION: Final = 3 * HOUR
STAY: Final = 4 * HOUR
NEAR: Final = 40_000.0
OTHERS: Final = 2
STOPPED: Final = 0.2
SPEED: Final = 10.0
"""Knots that every ship can make."""
DRAUGHT: Final = 0.3


class Found(NamedTuple):
    """An event of one vessel: its MMSI, and from when to when; `end` is None if it lasts on."""

    type: EventType
    mmsi: int
    begin: float
    end: float | None
    note: str
    level: Level | None


class Silence(NamedTuple):
    """A time in which nothing is heard of a vessel. `end` is None if it is not heard again."""

    begin: float
    end: float | None


def gaps_and_calls(vessels: Sequence[Vessel], until: float) -> Iterator[Found]:
    """What is to be found of all vessels, in a recording that ends at `until`."""
    for vessel in (each for each in vessels if each.ship.counts):
        for silence in _switched_off(vessel):
            hours = _seconds(silence, until) / HOUR
            moored = _place(vessel, silence.begin) in (Waters.PORT, Waters.ROADS)
            if silence.begin - vessel.track.begin < HEARD or hours * HOUR < (IN_PORT if moored else POSSIBLE):
                continue
            sure = hours * HOUR >= PROBABLE and not moored and _others_heard(vessel, vessels, silence, until)
            mmsi = vessel.ship_at(silence.begin).mmsi
            note, level = f"{hours:.2f} h", Level.PROBABLE if sure else None
            yield Found(EventType.GAP, mmsi, *silence, note, level)
            for port, begin, end in _calls(vessel, silence, until):
                level = _level_of_call(vessel, silence, port, sure)
                yield Found(EventType.DARK_PORT_VISIT, mmsi, begin, end, port, level)


def may_be_found(vessels: Sequence[Vessel], receivers: Sequence[Receiver], until: float) -> Iterator[Found]:
    """What is neither true nor false, with the highest level that is right; None for any."""
    for vessel in (each for each in vessels if each.ship.counts):
        off = list(_switched_off(vessel))
        unheard = [each for each in _out_of_reach(vessel, receivers) if _seconds(each, until) >= BY_RECEPTION]
        ended = [Silence(vessel.track.end, None)] if until - vessel.track.end >= BY_RECEPTION else []
        for silences, level in ((unheard, Level.POSSIBLE), (ended, None), (_under_old_numbers(vessel), None)):
            for silence in silences:
                mmsi = vessel.ship_at(silence.begin - 1).mmsi
                yield Found(EventType.GAP, mmsi, *silence, "not switched off", level)
        for silence in (*off, *unheard, *ended, *_under_old_numbers(vessel)):
            mmsi = vessel.ship_at(silence.begin - 1).mmsi
            yield Found(EventType.DARK_PORT_VISIT, mmsi, *silence, "within reach", Level.POSSIBLE)


def _switched_off(vessel: Vessel) -> Iterator[Silence]:
    for begin, end in sorted(vessel.silences):
        if end > vessel.track.begin and begin < vessel.track.end:
            yield Silence(begin, end if end < vessel.track.end else None)


def _under_old_numbers(vessel: Vessel) -> list[Silence]:
    """An MMSI that the vessel gives up is not heard again."""
    ships = [vessel.ship, *(ship for _, ship in vessel.identities)]
    times = [time for time, _ in vessel.identities]
    return [
        Silence(time, None)
        for time, before, after in zip(times, ships, ships[1:], strict=False)
        if before.mmsi != after.mmsi
    ]


def _out_of_reach(vessel: Vessel, receivers: Sequence[Receiver]) -> Iterator[Silence]:
    """Times within the track in which no receiver hears the vessel."""
    times = vessel.times[::6]
    lon, lat = vessel.samples.lon[::6], vessel.samples.lat[::6]
    heard = np.zeros(len(times), bool)
    for receiver in receivers:
        heard |= receiver.hears(times, lon, lat)
    when = times[heard].tolist()
    for before, after in pairwise(when):
        yield Silence(before, after)
    if when and vessel.track.end - when[-1] > HOUR:  # else its track ended
        yield Silence(when[-1], None)


def _seconds(silence: Silence, until: float) -> float:
    return (until if silence.end is None else silence.end) - silence.begin


def _place(vessel: Vessel, time: float) -> Waters:
    return vessel.track.legs[int(vessel.track.leg_at(np.array([time]))[0])].place.waters


def _others_heard(vessel: Vessel, vessels: Sequence[Vessel], silence: Silence, until: float) -> bool:
    """Whether others were near where it fell silent, in the hour before and in half of the hours since."""
    lon, lat, _ = vessel.track.place_at(silence.begin)
    end = until if silence.end is None else silence.end
    hours = np.arange(silence.begin - HOUR / 2, end, HOUR)
    count = np.zeros(len(hours))
    for other in vessels:
        if other is not vessel and other.ship.partner:
            there = other.track.places(hours)
            near = inverse(lon, lat, there[0], there[1])[1] <= NEAR
            count += near & other.on_air(hours)
    return bool(count[0] >= OTHERS and (count[1:] >= OTHERS).mean() >= 0.5)


def _calls(vessel: Vessel, silence: Silence, until: float) -> Iterator[tuple[str, float, float | None]]:
    """Stays at ports in a silence: the port, from when, to when."""
    end = until if silence.end is None else silence.end
    inside = (vessel.times >= silence.begin) & (vessel.times <= end)
    times, still = vessel.times[inside], vessel.samples.sog[inside] < STOPPED
    places = [vessel.track.legs[i].place for i in vessel.track.leg_at(times)]
    for port in sorted({place.port for place in places if place.port}):
        stopped = times[still & np.array([place.port == port for place in places], bool)]
        if len(stopped) and stopped[-1] - stopped[0] >= STAY:
            left = stopped[-1] < times[-1] or silence.end is not None
            yield port, float(stopped[0]), float(stopped[-1]) if left else None


def _level_of_call(vessel: Vessel, silence: Silence, port: str, gap_is_probable: bool) -> Level | None:
    if silence.end is None:
        return None
    where = [
        vessel.track.legs[i].place.port for i in vessel.track.leg_at(np.array([silence.begin, silence.end]))
    ]
    if where[0] == port and where[1] != port:
        return Level.PROBABLE
    change = abs(vessel.draught_at(silence.end) - vessel.draught_at(silence.begin))
    if gap_is_probable and change >= DRAUGHT and not _other_country_near(vessel, silence):
        return Level.PROBABLE
    return None


def _other_country_near(vessel: Vessel, silence: Silence) -> bool:
    """Whether it could have called at ports of two countries, as the crow flies."""
    assert silence.end is not None
    ports = world_ports()
    way = np.zeros(len(ports.names))
    for time in (silence.begin, silence.end):
        lon, lat, _ = vessel.track.place_at(time)
        way += inverse(lon, lat, ports.lon, ports.lat)[1]
    speed = max(SPEED, float(vessel.samples.sog.max()) + 1) * KNOT
    reached = way <= (silence.end - silence.begin - STAY) * speed
    return len({country for country, near in zip(ports.countries, reached, strict=True) if near}) > 1
