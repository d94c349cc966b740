"""Judges the loiterings that are proposed from one vessel alone: by where ships rest, and by encounters.

A loitering is passed on with every revision that its own detector makes. Where an encounter that overlaps it
is raised, changes its level or is taken back only after its last revision, a further revision says so. So it
does where ships turn out to rest, once that is learnt, at a place where a loitering was `probable`.
"""

from collections.abc import Callable, Iterable

import msgspec

from models.event import Event, EventType, Level, Status, to_json
from models.event import from_json as event_from_json
from models.time import DAY, HOUR, Millis, from_text, to_text
from models.vessel import Identity
from streams.detection.encounters.detector import EncounterDetector
from streams.detection.explanation import called
from streams.detection.loitering import LoiteringSettings
from streams.detection.loitering_event import Met, judged
from streams.detection.resting import Rest, RestingPlaces, RestSettings


class Known(msgspec.Struct, array_like=True, gc=False):
    """A loitering that was passed on."""

    start: Millis
    end: Millis  # so far, while it is open
    encounters: list[Met]  # named in it
    rest: Rest  # what was known of the place when it was passed on last
    revision: int = 0  # that was passed on last
    closed: bytes | None = None  # the event as its own detector made it, once it is over
    level: str = Level.POSSIBLE  # that was passed on last
    own_silence: bool = False  # a silence next to it is the vessel's own, not that of receivers

    def unlearnt(self) -> bool:
        """Whether it is over and `probable`, as judged before it was known where ships rest."""
        return self.closed is not None and self.level == Level.PROBABLE and not self.rest.learnt


class LoiteringEncounters:
    """State: loiterings that are open, or closed and still to be changed, by MMSI and event id.

    The state is kept in one piece for each MMSI. The names of those that change are added to `changed`.
    """

    def __init__(
        self,
        settings: LoiteringSettings,
        rest_settings: RestSettings,
        resting: RestingPlaces,
        encounters: EncounterDetector,
        identity_of: Callable[[int], Identity],
        is_own_silence: Callable[[int, Millis, Millis], bool],
        keep: Millis,
        changed: set[str],
    ) -> None:
        """Ticks may come late by up to `keep` milliseconds. `is_own_silence` is `GapJudge.is_own`."""
        self._settings = settings
        self._rest_settings = rest_settings
        self._resting = resting
        self._encounters = encounters
        self._identity_of = identity_of
        self._is_own_silence = is_own_silence
        self._keep = keep
        self._changed = changed
        self._known: dict[int, dict[str, Known]] = {}

    def complete(self, event: Event) -> Event:
        """A revision that a detector of single vessels made: a loitering is completed, others are the
        same."""
        if event.type is not EventType.LOITERING:
            return event
        (mmsi,) = event.mmsis
        self._changed.add(f"loitering/{mmsi}")
        before = self._known.get(mmsi, {}).pop(event.id, None)
        if event.status is Status.RETRACTED:
            return event
        known = Known(
            from_text(event.start),
            from_text(event.end or event.detected),
            before.encounters if before else [],
            self._resting.at(event.position.lon, event.position.lat, event.mmsis, from_text(event.detected)),
            event.revision,
            None if event.end is None else to_json(event),
        )
        known.encounters = self._encounters_of(mmsi, known)
        # the gap before it may be forgotten by now, but was judged
        own = self._is_own_silence(mmsi, known.start, known.end)
        known.own_silence = own or (before is not None and before.own_silence)
        self._known.setdefault(mmsi, {})[event.id] = known
        return self._judged(event, known)

    def revise(self, instant: Millis, encounters: Iterable[Event]) -> list[Event]:
        """Revisions of closed loiterings that are due, by these revisions of encounters or by what was learnt
        of places."""
        events: list[Event] = []
        for mmsi in sorted({mmsi for event in encounters for mmsi in event.mmsis}):
            for known in self._known.get(mmsi, {}).values():
                if known.closed is not None:
                    events += self._revise(mmsi, known, known.closed, instant)
        if instant % HOUR == 0 and not self._resting.learnt(instant - HOUR):
            for mmsi, loiterings in sorted(self._known.items()):
                for known in loiterings.values():
                    if known.closed is not None and known.unlearnt():
                        events += self._lower(mmsi, known, known.closed, instant)
        return events

    def _lower(self, mmsi: int, known: Known, closed: bytes, instant: Millis) -> list[Event]:
        """The revision of a loitering that is no longer `probable`, as ships are now known to rest there."""
        event = msgspec.structs.replace(
            event_from_json(closed), revision=known.revision + 1, detected=to_text(instant)
        )
        rest = self._resting.at(event.position.lon, event.position.lat, event.mmsis, instant)
        lowered = self._made(event, rest, known)
        if lowered.level == known.level:
            return []
        known.rest, known.revision, known.level = rest, lowered.revision, lowered.level
        self._changed.add(f"loitering/{mmsi}")
        return [lowered]

    def _revise(self, mmsi: int, known: Known, closed: bytes, instant: Millis) -> list[Event]:
        encounters = self._encounters_of(mmsi, known)
        if {(met.id, met.level) for met in encounters} == {(met.id, met.level) for met in known.encounters}:
            return []
        known.encounters, known.revision = encounters, known.revision + 1
        self._changed.add(f"loitering/{mmsi}")
        event = msgspec.structs.replace(
            event_from_json(closed), revision=known.revision, detected=to_text(instant)
        )
        return [self._judged(event, known)]

    def _judged(self, event: Event, known: Known) -> Event:
        made = self._made(event, known.rest, known)
        known.level = made.level
        return made

    def _made(self, event: Event, rest: Rest, known: Known) -> Event:
        s, r = self._settings, self._rest_settings
        return judged(event, rest, known.encounters, known.own_silence, s, r)

    def _encounters_of(self, mmsi: int, known: Known) -> list[Met]:
        """Those that it names already and that can no longer be taken back, and those that overlap it now."""
        kept = [each for each in known.encounters if not self._encounters.knows(mmsi, each.id)]
        now = sorted(
            (contact.start, pair.id, pair.b if pair.a == mmsi else pair.a, pair.level)
            for pair, contact in self._encounters.encounters_of(mmsi, known.start, known.end)
            if pair.id is not None
        )
        return kept + [Met(id, called(self._identity_of(other)), level) for _, id, other, level in now]

    def prune(self, instant: Millis) -> None:
        """Once an hour, let go of loiterings that no encounter can change any more."""
        if instant % HOUR:
            return
        pending = self._encounters.first_contacts()
        learnt = self._resting.learnt(instant - HOUR)
        for mmsi, loiterings in list(self._known.items()):
            for id, known in list(loiterings.items()):
                late = instant - known.end > (DAY if known.closed is None else self._keep)
                if known.unlearnt() and not learnt:
                    continue
                if late and (known.closed is None or pending.get(mmsi, instant) > known.end):
                    del loiterings[id]
                    self._changed.add(f"loitering/{mmsi}")
            if not loiterings:
                del self._known[mmsi]

    # --- checkpoints

    def pieces(self) -> set[str]:
        """The names of all pieces of the state."""
        return {f"loitering/{mmsi}" for mmsi in self._known}

    def piece(self, mmsi: int) -> dict[str, Known] | None:
        """What one piece holds; None where it is gone."""
        return self._known.get(mmsi) or None

    def load(self, pieces: Iterable[tuple[int, bytes]]) -> None:
        """Replace the state by these pieces: MMSI and what it holds."""
        self._known = {mmsi: msgspec.msgpack.decode(data, type=dict[str, Known]) for mmsi, data in pieces}
