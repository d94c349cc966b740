"""Follows the gaps that are published, and says which watched ports their vessels can have called at."""

from collections.abc import Callable, Iterable
from typing import Final

import msgspec

from geofences.surroundings import Surroundings
from models.event import Detector, Event, EventType, Position, ReachablePort, Reason, Status, event_id
from models.time import DAY, HOUR, Millis, from_text
from models.vessel import Identity
from streams.detection.dark_visits.event import NOT_REACHED, build_event
from streams.detection.dark_visits.reach import reachable_if_seen, to_name, watched_ports
from streams.detection.dark_visits.settings import DarkVisitSettings
from streams.detection.gaps.reasons import IN_HARBOUR
from streams.detection.gaps.settings import GapSettings

_MARGIN: Final = 2 * DAY
"""A visit is kept for this much longer than its gap can change."""


class Followed(msgspec.Struct, array_like=True, gc=False):
    """A possible dark port visit that was published."""

    id: str
    revision: int = 0
    named: tuple[str, ...] = ()  # the ports named last, with a ! where it was seen
    until: Millis = 0  # it may change for so long


class DarkVisits:
    """State: the visits published of the gaps that may still change, by MMSI and the gap's id.

    The state is kept in one piece for each MMSI. The names of those that change are added to `changed`.
    """

    def __init__(
        self,
        settings: DarkVisitSettings,
        gap_settings: GapSettings,
        memory: Millis,
        surroundings: Surroundings,
        detector: Detector,
        identity_of: Callable[[int], Identity],
        changed: set[str],
    ) -> None:
        self._settings = settings
        self._gap = gap_settings
        self._memory = memory  # for so long a sighting may change a gap that is over
        self._surroundings = surroundings
        self._detector = detector
        self._identity_of = identity_of
        self._changed = changed
        self._ports = watched_ports(surroundings, settings)
        self._followed: dict[int, dict[str, Followed]] = {}

    def follow(self, events: Iterable[Event]) -> list[Event]:
        """What these revisions of gaps mean for calls at watched ports; other types mean nothing."""
        return [
            found for event in events if event.type is EventType.GAP for found in self._follow(event, False)
        ]

    def is_due(self, instant: Millis) -> bool:
        """Whether it is time to look at the gaps that go on."""
        return instant % (self._settings.revision_hours * HOUR) == 0

    def look(self, standing: Iterable[Event]) -> list[Event]:
        """Revisions for the gaps that go on, as they stand, where further ports are within reach now."""
        return [found for event in standing for found in self._follow(event, True)]

    def prune(self, instant: Millis) -> None:
        """Once a day, let go of the visits that cannot change any more."""
        if instant % DAY:
            return
        for mmsi, visits in list(self._followed.items()):
            for id, known in list(visits.items()):
                if instant > known.until:
                    del visits[id]
                    self._changed.add(f"dark/{mmsi}")
            if not visits:
                del self._followed[mmsi]

    def _follow(self, event: Event, on_change: bool) -> list[Event]:
        assert event.gap is not None
        (mmsi,) = event.mmsis
        known = self._followed.get(mmsi, {}).get(event.id)
        ports, retraction = self._reach(event), self._retraction(event)
        if not ports and known is not None:
            retraction = retraction or NOT_REACHED.reason(self._settings)
            ports = self._within(event, None)
        if not ports or (known is None and retraction is not None):
            return []
        named = tuple(f"{port.port}{'!' if port.sighted else ''}" for port in to_name(ports, self._settings))
        if on_change and known is not None and known.named == named:
            return []
        if known is None:
            start, off = from_text(event.start), event.gap.off_position
            known = Followed(event_id(EventType.DARK_PORT_VISIT, (mmsi,), start, off.lon, off.lat))
            self._followed.setdefault(mmsi, {})[event.id] = known
        known.revision, known.named = known.revision + 1, named
        settles = max(self._gap.settle_hours * HOUR, self._memory)
        lasts = settles if event.end else self._gap.kept_days * DAY
        known.until = from_text(event.detected) + round(lasts) + _MARGIN
        self._changed.add(f"dark/{mmsi}")
        identity = self._identity_of(mmsi)
        made = build_event(
            known.id, known.revision, event, ports, identity, self._detector, retraction, self._settings
        )
        if retraction is not None:
            del self._followed[mmsi][event.id]
        return [made]

    def _retraction(self, event: Event) -> Reason | None:
        """Why the gap was taken back, if it was."""
        return event.against[-1] if event.status is Status.RETRACTED and event.against else None

    def _reach(self, event: Event) -> list[ReachablePort]:
        """The ports within reach during a gap; none for a vessel that lay in a harbour all the time."""
        gap = event.gap
        assert gap is not None
        in_harbour = any(reason.code == IN_HARBOUR.code for reason in event.against)
        if in_harbour and (gap.distance_km is None or gap.distance_km <= self._settings.back_km):
            return []
        return self._within(event, gap.on_position)

    def _within(self, event: Event, on: Position | None) -> list[ReachablePort]:
        gap = event.gap
        assert gap is not None
        end = from_text(event.end or event.detected)
        event = msgspec.structs.replace(event, gap=msgspec.structs.replace(gap, on_position=on))
        return reachable_if_seen(self._ports, self._surroundings, event, end, self._settings)

    # --- checkpoints

    def pieces(self) -> set[str]:
        """The names of all pieces of the state."""
        return {f"dark/{mmsi}" for mmsi, visits in self._followed.items() if visits}

    def piece(self, mmsi: int) -> dict[str, Followed] | None:
        """What one piece holds; None where it is gone."""
        return self._followed.get(mmsi) or None

    def load(self, pieces: Iterable[tuple[int, bytes]]) -> None:
        """Replace the state by these pieces: MMSI and what it holds."""
        self._followed = {
            mmsi: msgspec.msgpack.decode(data, type=dict[str, Followed]) for mmsi, data in pieces
        }
