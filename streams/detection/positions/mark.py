"""Marks the events of ships whose positions jumped with those of others at the time: that counts against."""

from collections.abc import Callable, Mapping

import msgspec

from models.event import Event, EventType, Status
from models.time import Millis, from_text
from streams.detection.explanation import JAMMED, clock
from streams.detection.hypotheses import best
from streams.detection.positions.region import Jamming
from streams.detection.reasons import ReasonTable, Weighted, score

JammingOf = Callable[[int, Millis, Millis], Jamming | None]


class JammingMarks:
    """Has no state. `rules` are the tables and the settings of the types of event that are marked."""

    def __init__(self, rules: Mapping[EventType, tuple[ReasonTable, Weighted]], jamming: JammingOf) -> None:
        self._rules = rules
        self._jamming = jamming

    def marked(self, event: Event) -> Event:
        """The event, with a reason against for each of its ships that was jammed during it."""
        if event.type not in self._rules or event.status is Status.RETRACTED or event.scoring is None:
            return event
        table, settings = self._rules[event.type]
        start, end = from_text(event.start), from_text(event.end or event.detected)
        against = list(event.against)
        for mmsi in event.mmsis:
            if (found := self._jamming(mmsi, start, end)) is not None:
                since = clock(found.start)
                when = f"since {since}" if found.end is None else f"between {since} and {clock(found.end)}"
                mmsi_text = f"{mmsi:09d}"
                against.append(JAMMED.reason(settings, found.ships, mmsi=mmsi_text, when=when))
        if len(against) == len(event.against):
            return event
        return msgspec.structs.replace(
            event,
            against=tuple(against),
            score=score(event.scoring, event.reasons, against),
            innocent_explanation=best(table, event.reasons, against),
        )
