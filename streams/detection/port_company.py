"""Who lay alongside a vessel during its port visits, from the ticks of all vessels.

Two lie alongside while their hulls are within `alongside_metres` of each other (the antennas, where a size is
not known) and both are slow. In a port that is no sign of a transfer: ships lie side by side at berths.
"""

from collections.abc import Callable, Iterable

import msgspec

from models.event import Event, EventType, Status
from models.event_parts import BesideInPort
from models.time import DAY, HOUR, MINUTE, Millis, duration_text, from_text, to_text
from models.vessel import Identity
from streams.detection.encounters.pair_sample import PairSample
from streams.detection.encounters.settings import EncounterSettings
from streams.detection.explanation import called, hours, vessel_of


class PortCompanySettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Who lay alongside during a port visit."""

    min_minutes: float = 30.0
    """Minutes that two lie alongside before the visit says so. Source: as for a possible encounter."""
    keep_days: float = 2.0
    """Days for which a time alongside is known when no visit of the vessel is open. Source: judgement; a
    visit is first reported within hours of its beginning."""
    kept: int = 32
    """Times alongside known of one vessel, the latest. It bounds the memory."""

    def __post_init__(self) -> None:
        if self.kept < 1:
            raise ValueError("kept must be at least 1")


class Stay(msgspec.Struct, array_like=True, gc=False):
    """A time for which another vessel lay alongside, without a break longer than a silence that counts."""

    other: int
    start: Millis
    last: Millis


class Known(msgspec.Struct, array_like=True):
    """What is known of one vessel."""

    stays: list[Stay] = []
    open_since: Millis | None = None  # the beginning of its visit, while that is open


class PortCompany:
    """State: by MMSI of vessels that count, who lay alongside lately, or since their open visit began.

    The state is kept in one piece for each MMSI. The names of those that change are added to `changed`.
    """

    def __init__(
        self,
        settings: PortCompanySettings,
        encounter: EncounterSettings,
        identity_of: Callable[[int], Identity],
        changed: set[str],
    ) -> None:
        self._settings = settings
        self._encounter = encounter
        self._identity_of = identity_of
        self._changed = changed
        self._known: dict[int, Known] = {}

    def note(self, a: int, b: int, sample: PairSample) -> None:
        """Take in where two vessels are at a moment."""
        s = self._encounter
        if sample.at_most <= s.alongside_metres and sample.faster < s.slow_knots:
            self._note(a, b, sample.time)
            self._note(b, a, sample.time)

    def _note(self, mmsi: int, other: int, time: Millis) -> None:
        if not self._identity_of(mmsi).of_interest:
            return
        known = self._known.setdefault(mmsi, Known())
        self._changed.add(f"company/{mmsi}")
        silence = self._encounter.silence
        here = Stay(other, time, time)
        rest: list[Stay] = []
        for stay in known.stays:
            if stay.other == other and stay.start - silence <= time <= stay.last + silence:
                here.start, here.last = min(here.start, stay.start), max(here.last, stay.last)
            else:
                rest.append(stay)
        known.stays = [*rest, here]  # a late tick may join two times to one
        if len(known.stays) > self._settings.kept:
            known.stays.remove(min(known.stays, key=lambda each: (each.last, each.start, each.other)))

    def complete(self, event: Event) -> Event:
        """A revision that a detector of single vessels made: a visit is completed, others are the same."""
        if event.type is not EventType.PORT_VISIT or event.port_visit is None:
            return event
        (mmsi,) = event.mmsis
        start = from_text(event.start)
        known = self._known.setdefault(mmsi, Known())
        known.open_since = start if event.status is Status.OPEN else None
        self._changed.add(f"company/{mmsi}")
        found = [*self._within(known, start, from_text(event.end or event.detected))]
        if not found or event.status is Status.RETRACTED:
            return event
        visit = msgspec.structs.replace(event.port_visit, alongside=tuple(each for each, _ in found))
        text = f" Alongside it lay {', '.join(words for _, words in found)}."
        return msgspec.structs.replace(event, port_visit=visit, summary=event.summary + text)

    def _within(self, known: Known, start: Millis, end: Millis) -> Iterable[tuple[BesideInPort, str]]:
        """What a visit says of each time alongside, in order, and the words for it."""
        for stay in sorted(known.stays, key=lambda each: (each.start, each.other)):
            begin, until = max(stay.start, start), min(stay.last, end)
            if until - begin < self._settings.min_minutes * MINUTE:
                continue
            other = self._identity_of(stay.other)
            beside = BesideInPort(
                vessel=vessel_of(other),
                start=to_text(begin),
                end=to_text(until),
                duration_hours=hours(until - begin),
            )
            yield beside, f"the {called(other)} for {duration_text(until - begin)}"

    def forget(self, mmsi: int) -> None:
        """A vessel has not been heard for so long that nothing is known of it any more."""
        if self._known.pop(mmsi, None) is not None:
            self._changed.add(f"company/{mmsi}")

    def prune(self, instant: Millis) -> None:
        """Once an hour, let go of what no visit will ask for."""
        if instant % HOUR:
            return
        horizon = instant - self._settings.keep_days * DAY
        for mmsi, known in list(self._known.items()):
            before = horizon if known.open_since is None else min(horizon, known.open_since)
            kept = [stay for stay in known.stays if stay.last >= before]
            if len(kept) < len(known.stays):
                known.stays = kept
                self._changed.add(f"company/{mmsi}")
            if not kept and known.open_since is None:
                del self._known[mmsi]
                self._changed.add(f"company/{mmsi}")

    # --- checkpoints

    def pieces(self) -> set[str]:
        """The names of all pieces of the state."""
        return {f"company/{mmsi}" for mmsi in self._known}

    def piece(self, mmsi: int) -> Known | None:
        """What one piece holds; None where it is gone."""
        return self._known.get(mmsi)

    def load(self, pieces: Iterable[tuple[int, bytes]]) -> None:
        """Replace the state by these pieces: MMSI and what it holds."""
        self._known = {mmsi: msgspec.msgpack.decode(data, type=Known) for mmsi, data in pieces}
