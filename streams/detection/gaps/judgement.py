"""Judges the silences that are proposed from one vessel alone: by reception, neighbours and place.

Every proposal is kept until the vessel is back and its draught is known. An open one is judged anew at
every full hour, and at the instant at which it becomes a gap. What is published has its own revisions: a
silence that reception explains is not published at all.
"""

from collections.abc import Callable, Iterable, KeysView, Mapping

import msgspec

from geofences.distance import ahead
from geofences.surroundings import Surroundings
from models.event import Event, EventType, Level, Status
from models.time import DAY, HOUR, Millis, from_text, to_text
from models.vessel import Identity
from streams.detection.gaps.event import (
    Circumstances,
    as_it_stands,
    ended_elsewhere,
    grounds,
    judged,
    proposed,
    stored,
)
from streams.detection.gaps.heard import area
from streams.detection.gaps.reasons import NOT_FOLLOWED
from streams.detection.gaps.reception import Reception, ReceptionSettings
from streams.detection.gaps.seen import Attached, Silence, attach, silence_of, with_sightings
from streams.detection.gaps.settings import GapSettings
from streams.detection.identities.link import Moved
from streams.detection.resting import RestingPlaces
from streams.detection.sightings.settings import SightingSettings

_RINGS: tuple[int | None, ...] = (1, 4, None)
"""Cells that the circles of neighbours reach: some 40 km, some 100 km, everywhere."""
_LATE_HOURS = 2
"""Whole hours after which all ticks of an hour have come: they come late by up to 90 minutes."""


class Known(msgspec.Struct, array_like=True, gc=False):
    """A silence that was proposed."""

    start: Millis
    lon: float  # where it fell silent
    lat: float
    proposal: bytes  # the event as VesselStage proposed it last
    around: Circumstances
    counted: int  # the last hour whose reception is counted
    open: bool = True
    level: Level | None = None  # that was published last
    revision: int = 0  # that was published last
    published_at: Millis = 0
    renumbered: bool = False  # it ended where the ship was heard under another MMSI
    seen: list[Attached] = []  # sightings that are taken for ones of the vessel


class GapJudge:
    """State: silences that are open, or closed and waiting for the vessel's draught, by MMSI and event id.

    The state is kept in one piece for each MMSI. The names of those that change are added to `changed`.
    """

    def __init__(
        self,
        settings: GapSettings,
        reception_settings: ReceptionSettings,
        reception: Reception,
        resting: RestingPlaces,
        sighting_settings: SightingSettings,
        surroundings: Surroundings,
        identity_of: Callable[[int], Identity],
        moved: Callable[[KeysView[int]], Mapping[int, Moved]],
        changed: set[str],
    ) -> None:
        self._settings = settings
        self._moved = moved
        self._reception_settings = reception_settings
        self._reception = reception
        self._resting = resting
        self._sightings = sighting_settings
        self._surroundings = surroundings
        self._identity_of = identity_of
        self._changed = changed
        self._known: dict[int, dict[str, Known]] = {}
        self._open: dict[int, dict[str, Known]] = {}  # those of them that are open
        self._count = 0  # of silences
        self._judged: dict[str, tuple[object, ...]] = {}  # by id: what an open one was judged by last

    @property
    def idle(self) -> bool:
        """Whether nothing changes as time goes on."""
        return not self._open

    def complete(self, event: Event) -> list[Event]:
        """A revision that VesselStage proposes: what is to be published of it, and other types as they
        are."""
        if event.type is not EventType.GAP:
            return [event]
        (mmsi,) = event.mmsis
        known = self._known.get(mmsi, {}).get(event.id)
        if known is None:
            if event.revision > 1:  # it was let go of
                return []
            known = self._known.setdefault(mmsi, {})[event.id] = self._begin(mmsi, event)
            self._count += 1
        self._changed.add(f"gap/{mmsi}")
        instant = from_text(event.detected)
        known.proposal, known.open, known.renumbered = stored(event), event.status is Status.OPEN, False
        self._note_open(mmsi, event.id, known)
        if event.status is Status.RETRACTED:
            self._drop(mmsi, event.id)
            if known.level is None:
                return []
        self._count_hours(known, instant)
        return self._publish(mmsi, known, event, instant)

    def revise(self, instant: Millis) -> list[Event]:
        """Judge the open silences anew: at every full hour, and as soon as one lasts long enough."""
        events: list[Event] = []
        full, moved = instant % HOUR == 0, self._moved(self._open.keys())
        due = [
            mmsi
            for mmsi, silences in self._open.items()
            if full or mmsi in moved or any(known.level is None for known in silences.values())
        ]
        for mmsi in sorted(due):
            for id, known in sorted(self._open[mmsi].items()):
                to = moved.get(mmsi)
                if to and (ended := ended_elsewhere(proposed(known.proposal), to, self._settings)):
                    events += self._end(mmsi, id, ended, instant)
                elif full or (known.level is None and self._is_due(known, instant)):
                    if full:
                        self._count_hours(known, instant)
                        self._changed.add(f"gap/{mmsi}")
                    if self._has_news(mmsi, id, known, instant):
                        event = as_it_stands(proposed(known.proposal), instant)
                        events += self._publish(mmsi, known, event, instant, on_change=True)
        return events

    def _has_news(self, mmsi: int, id: str, known: Known, instant: Millis) -> bool:
        """Whether what the level of an open silence depends on has changed since this was asked last."""
        depends = grounds(instant - known.start, known.around, self._is_covered(known), self._settings)
        now = (known.level, known.proposal, self._identity_of(mmsi), tuple(known.seen), *depends)
        before, self._judged[id] = self._judged.get(id), now
        return before != now

    def _is_covered(self, known: Known) -> bool:
        s = self._reception_settings
        return known.around.coverage_known(s.heard_vessels, s.heard_share, self._settings.possible_hours)

    def _end(self, mmsi: int, id: str, event: Event, instant: Millis) -> list[Event]:
        """The ship is heard under another MMSI: the gap ends there, unless this MMSI comes back."""
        known = self._known[mmsi][id]
        known.proposal, known.open, known.renumbered = stored(event), False, True
        self._note_open(mmsi, id, known)
        self._changed.add(f"gap/{mmsi}")
        self._count_hours(known, instant)
        return self._publish(mmsi, known, event, instant)

    def standing(self, instant: Millis) -> list[Event]:
        """The open gaps that were published, as they stand; these are no revisions."""
        return [
            made
            for mmsi, silences in sorted(self._open.items())
            for _, known in sorted(silences.items())
            if known.level is not None
            and (made := self._made(mmsi, known, as_it_stands(proposed(known.proposal), instant)))
        ]

    def silences(self) -> list[Silence]:
        """The silences that are known, published or not, by MMSI and event id."""
        return [
            silence_of(mmsi, proposed(known.proposal))
            for mmsi, silences in sorted(self._known.items())
            for _, known in sorted(silences.items())
        ]

    def is_own(self, mmsi: int, start: Millis, end: Millis) -> bool:
        """Whether a silence right before or after a time is the vessel's own: reception does not explain it.

        Others were heard near it meanwhile, it did not leave where vessels are heard, and vessels are not
        often lost there.
        """
        near = self._reception_settings
        for known in self._known.get(mmsi, {}).values():
            proposal = proposed(known.proposal)
            back = None if proposal.end is None else from_text(proposal.end)
            before = back is not None and abs(back - start) <= HOUR
            if (before or abs(known.start - end) <= HOUR) and known.around.is_own(
                near.heard_vessels, near.heard_share, self._settings.possible_hours
            ):
                return True
        return False

    def attach(self, mmsi: int, id: str, new: Attached) -> None:
        """Take a sighting for one of a silent vessel. `tell` publishes that."""
        known = self._known[mmsi][id]
        known.seen = attach(known.seen, new)
        self._changed.add(f"gap/{mmsi}")

    def detach(self, mmsi: int, id: str, sighting: str) -> None:
        """Take a sighting from a silence, if that is still known."""
        known = self._known.get(mmsi, {}).get(id)
        if known is not None:
            known.seen = [each for each in known.seen if each.sighting.id != sighting]
            self._changed.add(f"gap/{mmsi}")

    def tell(self, mmsi: int, id: str, instant: Millis) -> list[Event]:
        """Publish a gap anew whose sightings have changed, if it is still known and was published."""
        known = self._known.get(mmsi, {}).get(id)
        if known is None or known.level is None:
            return []
        event = proposed(known.proposal)
        return self._publish(mmsi, known, as_it_stands(event, instant) if known.open else event, instant)

    def flush(self, instant: Millis) -> list[Event]:
        """All sources have ended: publish open gaps once more, as they stand."""
        return [
            published
            for mmsi, silences in sorted(self._open.items())
            for _, known in sorted(silences.items())
            if known.level is not None and known.published_at < instant
            for published in self._publish(
                mmsi, known, as_it_stands(proposed(known.proposal), instant), instant
            )
        ]

    def prune(self, instant: Millis) -> None:
        """Once an hour, let go of silences of which no more is told."""
        if instant % HOUR:
            return
        s = self._settings
        for mmsi, silences in list(self._known.items()):
            for id, known in list(silences.items()):
                proposal = proposed(known.proposal) if not known.open else None
                ended = None if proposal is None or proposal.end is None else from_text(proposal.end)
                limit = (
                    known.start + (s.kept_days + 1) * DAY
                    if ended is None or known.renumbered
                    else ended + max(2 * s.settle_hours * HOUR, self._sightings.memory)
                )
                if instant > limit:
                    self._drop(mmsi, id)

    def bound(self, instant: Millis) -> list[Event]:
        """Let go of silences beyond `most_silences`; open gaps among them that were published are taken back.

        Those that stay are, in this order: of listed vessels, of vessels that send an IMO number, of those
        heard for longest in the 12 hours before, the latest. Numbers that are heard once and never again,
        invented ones above all, go first. A tenth goes at once, so that it is seldom done.
        """
        if self._count <= self._settings.most_silences:
            return []
        ranked = sorted(
            (self._rank(mmsi, known), mmsi, id)
            for mmsi, silences in self._known.items()
            for id, known in silences.items()
        )
        events: list[Event] = []
        for _, mmsi, id in ranked[: len(ranked) - round(0.9 * self._settings.most_silences)]:
            known = self._known[mmsi][id]
            if known.open and known.level is not None:
                why = NOT_FOLLOWED.reason(self._settings, most=self._settings.most_silences)
                event = as_it_stands(proposed(known.proposal), instant)
                event = msgspec.structs.replace(
                    event, status=Status.RETRACTED, end=to_text(instant), against=(*event.against, why)
                )
                events += self._publish(mmsi, known, event, instant)
            self._drop(mmsi, id)
        return events

    def _rank(self, mmsi: int, known: Known) -> tuple[bool, bool, int, Millis]:
        """The higher, the longer a silence is kept; see `bound`."""
        identity, gap = self._identity_of(mmsi), proposed(known.proposal).gap
        assert gap is not None
        return identity.listed, bool(identity.imo), gap.positions_before, known.start

    def _begin(self, mmsi: int, event: Event) -> Known:
        assert event.gap is not None
        start, off = from_text(event.start), event.gap.off_position
        knots = event.gap.speed_before_knots
        around = Circumstances(
            under_way=knots is not None and knots >= self._settings.under_way_knots,
            leaves_coverage=self._leaves_coverage(event),
            harbour=self._harbour(event),
            class_b=self._identity_of(mmsi).class_b,
        )
        return Known(start, off.lon, off.lat, b"", around, start // HOUR)

    def _note_open(self, mmsi: int, id: str, known: Known) -> None:
        if known.open:
            self._open.setdefault(mmsi, {})[id] = known
        elif self._open.get(mmsi, {}).pop(id, None):
            self._judged.pop(id, None)
            if not self._open[mmsi]:
                del self._open[mmsi]

    def _drop(self, mmsi: int, id: str) -> None:
        known = self._known[mmsi].pop(id)
        known.open = False
        self._note_open(mmsi, id, known)
        self._count -= 1
        self._changed.add(f"gap/{mmsi}")
        if not self._known[mmsi]:
            del self._known[mmsi]

    def _is_due(self, known: Known, instant: Millis) -> bool:
        hours, _ = self._settings.least_hours(known.around.kind())
        return instant - known.start >= hours * HOUR

    def _count_hours(self, known: Known, instant: Millis) -> None:
        """Count the hours of the silence in which others were heard near where it began, up to the last one
        of which all is known; then see who fell silent with it."""
        near, proposal = area(known.lon, known.lat), proposed(known.proposal)
        until = instant if proposal.end is None else min(instant, from_text(proposal.end))
        around, s = known.around, self._reception_settings
        for hour in range(known.counted + 1, min(until // HOUR - 1, instant // HOUR - _LATE_HOURS) + 1):
            if self._reception.is_heard(hour, near):
                around.heard_hours += 1
            else:
                around.unheard_hours += 1
            known.counted = hour
        if self._reception.remembers(known.start):
            (mmsi,) = proposal.mmsis
            areas = [None if reach is None else area(known.lon, known.lat, reach) for reach in _RINGS]
            # those that are heard only after a silence that is long enough for a gap were silent, too
            soon = min(until, known.start + round(self._settings.possible_hours * HOUR))
            around.rings = [self._reception.neighbours(mmsi, known.start, each, soon) for each in areas]
        often, share = self._reception.often_lost(near, around.under_way)
        if known.open or not known.level:
            around.lost_share = share if often else 0.0
        outage = next((i for i, ring in enumerate(around.rings) if ring.silent(s)), None)
        # others have been heard there since: its own silence, unless it sailed on to where nobody is heard
        around.outlasted = around.heard_hours >= self._settings.least_hours(around.kind())[0]
        sailed = around.may_have_sailed(proposal.gap, self._settings)
        around.outage = outage if sailed or not around.outlasted else None

    def _publish(
        self, mmsi: int, known: Known, event: Event, instant: Millis, *, on_change: bool = False
    ) -> list[Event]:
        made = self._made(mmsi, known, event)
        if made is None or (on_change and made.level is known.level):
            return []
        known.level, known.revision, known.published_at = made.level, known.revision + 1, instant
        self._changed.add(f"gap/{mmsi}")
        return [msgspec.structs.replace(made, revision=known.revision, detected=to_text(instant))]

    def _made(self, mmsi: int, known: Known, event: Event) -> Event | None:
        identity, covered = self._identity_of(mmsi), self._is_covered(known)
        event = with_sightings(event, known.seen, self._sightings)
        return judged(event, identity, known.around, covered, self._surroundings, self._settings)

    def _leaves_coverage(self, event: Event) -> bool:
        """Whether the vessel was under way to where hardly any vessel was heard lately."""
        sample = event.evidence.positions[0]
        if sample.speed_knots is None or sample.course is None:
            return False
        if sample.speed_knots < self._settings.under_way_knots:
            return False
        least = self._reception_settings.course_vessels
        return any(
            self._reception.seen(
                area(*ahead(sample.lon, sample.lat, sample.course, sample.speed_knots * hours))
            )
            < least
            for hours in (1, 2, 3)
        )

    def _harbour(self, event: Event) -> str | None:
        """Where the vessel lay at rest, if that was in a port or where ships rest."""
        assert event.gap is not None
        sample, off = event.evidence.positions[0], event.gap.off_position
        at_rest = sample.speed_knots is None or sample.speed_knots < self._settings.rest_knots
        if not at_rest:
            return None
        if (
            km := event.distances.start_distance_from_port_km
        ) is not None and km <= self._settings.harbour_km:
            return "in a port" if km == 0 else f"{km:.0f} km from a port"
        rest = self._resting.at(off.lon, off.lat, event.mmsis, from_text(event.detected))
        return "where other ships rest" if rest.crowded else None

    # --- checkpoints

    def pieces(self) -> set[str]:
        """The names of all pieces of the state."""
        return {f"gap/{mmsi}" for mmsi in self._known}

    def piece(self, mmsi: int) -> dict[str, Known] | None:
        """What one piece holds; None where it is gone."""
        return self._known.get(mmsi) or None

    def load(self, pieces: Iterable[tuple[int, bytes]]) -> None:
        """Replace the state by these pieces: MMSI and what it holds."""
        self._known = {mmsi: msgspec.msgpack.decode(data, type=dict[str, Known]) for mmsi, data in pieces}
        self._open, self._judged, self._count = {}, {}, sum(map(len, self._known.values()))
        for mmsi, silences in self._known.items():
            for id, known in silences.items():
                self._note_open(mmsi, id, known)
