"""What anomalies there are: those that a scenario names, and others that may be found.

What may be found besides, as `possible`, is what vessels that count give themselves out as: a tanker of 60 m
or more without an IMO number, two vessels under one MMSI, and every change of name, call sign or number.
Where the noise jams vessels that count, the anomaly of their positions may be found at any level.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from models.event import EventType, Level
from models.time import Millis, to_text
from models.truth import TrueEvent
from streams.simulator.jamming import Jam
from streams.simulator.vessel import Vessel
from streams.simulator.world import Anomaly

LARGE = 60
"""Metres from which a tanker should have an IMO number."""
_BACK = 600.0
"""Seconds after jamming in which positions may be seen to jump back."""


def events(anomalies: Iterable[Anomaly], start: Millis) -> list[TrueEvent]:
    """The anomalies of a scenario that begins at `start`."""
    return [
        _event(
            *({each.ship_at(one.begin).mmsi for each in one.vessels}, one.begin, start),
            *(one.note, one.level, one.type),
        )
        for one in anomalies
    ]


def allowed(vessels: Sequence[Vessel], start: Millis) -> Iterator[TrueEvent]:
    """What may be found and need not be."""
    numbers = Counter(vessel.ship.mmsi for vessel in vessels)
    for vessel in vessels:
        ship, begin = vessel.ship, vessel.track.begin
        if not ship.counts:
            continue
        if ship.tanker and ship.imo == 0 and ship.length >= LARGE:
            yield _event({ship.mmsi}, begin, start, "no IMO number", Level.POSSIBLE)
        if numbers[ship.mmsi] > 1:
            yield _event({ship.mmsi}, begin, start, "two ships", Level.POSSIBLE)
        for when, other in vessel.identities:
            yield _event({other.mmsi}, when, start, "changed", Level.POSSIBLE)


def jammed(jams: Iterable[tuple[Vessel, Jam]], start: Millis) -> Iterator[TrueEvent]:
    """The anomalies that jamming makes, which may be found: that depends on how long and how far it is."""
    for vessel, jam in jams:
        if vessel.ship_at(jam.begin).counts:
            mmsis = {vessel.ship_at(jam.begin).mmsi}
            note, kind = "jammed", EventType.POSITION_ANOMALY
            yield _event(mmsis, jam.begin, start, note, None, kind, until=jam.end + _BACK)


def _event(
    mmsis: Iterable[int],
    begin: float,
    start: Millis,
    note: str,
    level: Level | None,
    type: EventType = EventType.IDENTITY,
    until: float | None = None,
) -> TrueEvent:
    since = to_text(start + round(begin * 1000))
    end = None if until is None else to_text(start + round(until * 1000))
    return TrueEvent(type, tuple(sorted(mmsis)), since, end, note, level)
