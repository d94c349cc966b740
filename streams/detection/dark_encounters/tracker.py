"""Compares silences that are over with each other and with loiterings, and tells who can have met in them.

What is compared are the published revisions of gaps and loiterings. A possible dark encounter belongs to the
silence of its first vessel: all that this vessel can have met then are ranked together.
"""

import math
from collections.abc import Callable, Iterable, Iterator
from typing import Final, NamedTuple

import msgspec

from geofences.surroundings import Surroundings
from models.event import Detector, Event, EventType, Position, Status, event_id, to_json
from models.time import DAY, HOUR, Millis, to_text
from models.vessel import Identity
from streams.detection.dark_encounters.event import Case, build_event, likelihood, taken_back
from streams.detection.dark_encounters.settings import DarkEncounterSettings
from streams.detection.dark_encounters.stay import Kind, Stay, Together, stay_of, together
from streams.detection.dark_visits.reach import other_ports
from streams.detection.dark_visits.settings import DarkVisitSettings

_ROWS: Final = 2
"""Degrees of latitude within which others are looked for: more than `come_km` and a drift."""

Key = tuple[int, str]
"""MMSI and the id of its gap's or loitering's event."""


class Found(msgspec.Struct, array_like=True, gc=False):
    """A possible dark encounter that was published."""

    first: Key
    other: Key
    raised: Millis
    revision: int = 0
    last: bytes = b""  # the revision published last, without its number and instant
    retracted: bool = False


class _Candidate(NamedTuple):
    likelihood: float
    other: Stay
    key: Key
    met: Together


class DarkEncounters:
    """State: stays that may still be compared, by MMSI and event id; and the encounters published of them.

    The state is kept in one piece for each MMSI and for each encounter. The names of those that change are
    added to `changed`.
    """

    def __init__(
        self,
        settings: DarkEncounterSettings,
        visit_settings: DarkVisitSettings,
        surroundings: Surroundings,
        detector: Detector,
        identity_of: Callable[[int], Identity],
        met: Callable[[int, int, Millis, Millis], bool],
        changed: set[str],
    ) -> None:
        """`met` tells whether two vessels have an encounter that overlaps a time."""
        self._settings = settings
        self._visits = visit_settings
        self._surroundings = surroundings
        self._detector = detector
        self._identity_of = identity_of
        self._met = met
        self._changed = changed
        self._stays: dict[int, dict[str, Stay]] = {}
        self._rows: dict[int, set[Key]] = {}  # keys of the stays by whole degree of latitude
        self._found: dict[str, Found] = {}

    def follow(self, events: Iterable[Event], instant: Millis) -> list[Event]:
        """What these revisions of gaps and loiterings mean; other types mean nothing."""
        out: list[Event] = []
        touched: set[Key] = set()
        for event in events:
            if event.type not in (EventType.GAP, EventType.LOITERING):
                continue
            (mmsi,) = event.mmsis
            key = (mmsi, event.id)
            before = self._stay(key)
            stay = None
            if event.status is not Status.RETRACTED:
                watched = self._surroundings.watched_fence(event.geofences) is not None
                stay = stay_of(event, self._settings, watched)
            if stay is None:
                if before is not None:
                    out += [made for id in before.found for made in self._retract(id, instant)]
                    self._drop(key)
                continue
            stay.found = before.found if before else []
            self._keep(key, stay)
            touched |= self._concerned(key, stay)
        for key in sorted(touched):
            stay = self._stay(key)
            if stay is not None:
                out += self._evaluate(key, stay, instant)
        return out

    def prune(self, instant: Millis) -> None:
        """Once an hour, let go of the stays that are not compared any more, the oldest if there are too
        many."""
        if instant % HOUR or not self._stays:
            return
        limit, s = instant - self._settings.kept, self._settings
        told = sorted(
            (stay.told, mmsi, id) for mmsi, kept in self._stays.items() for id, stay in kept.items()
        )
        too_many = max(0, len(told) - s.most_kept)
        for number, (time, mmsi, id) in enumerate(told):
            if time < limit or number < too_many:
                self._drop((mmsi, id))
        for id, found in list(self._found.items()):
            if self._stay(found.first) is None:
                del self._found[id]
                self._changed.add(f"darkmet/{id}")

    def _concerned(self, key: Key, stay: Stay) -> set[Key]:
        """The silences whose candidates may be others now."""
        concerned = {self._found[id].first for id in stay.found if id in self._found}
        if stay.kind is Kind.SILENT:
            return concerned | {key}
        return concerned | {
            near
            for near, other in self._near(key, stay)
            if other.kind is Kind.SILENT and together(other, stay, self._settings) is not None
        }

    def _near(self, key: Key, stay: Stay) -> Iterator[tuple[Key, Stay]]:
        """The stays of other vessels that overlap this one in time, at about its latitude."""
        row = math.floor(stay.off.lat)
        for near in range(row - _ROWS, row + _ROWS + 1):
            for other in sorted(self._rows.get(near, ())):
                there = self._stay(other)
                if other[0] != key[0] and there and there.start < stay.end and there.end > stay.start:
                    yield other, there

    def _candidates(self, key: Key, stay: Stay) -> list[_Candidate]:
        """Whom a silent vessel can have met, the likeliest first; one stay of each vessel."""
        best: dict[int, _Candidate] = {}
        for other_key, other in self._near(key, stay):
            found = together(stay, other, self._settings)
            if found is None or self._met(key[0], other_key[0], stay.start, stay.end):
                continue
            one = _Candidate(likelihood(stay, other, found, self._settings), other, other_key, found)
            known = best.get(other_key[0])
            if known is None or (one.likelihood, one.key) > (known.likelihood, known.key):
                best[other_key[0]] = one
        return sorted(best.values(), key=lambda one: (-one.likelihood, one.key))

    def _evaluate(self, key: Key, stay: Stay, instant: Millis) -> list[Event]:
        """Raise, revise and take back the encounters of one silence."""
        out: list[Event] = []
        ranked = self._candidates(key, stay)
        mine = {self._found[id].other[0]: id for id in stay.found if self._is_first(id, key)}
        theirs = {self._found[id].first for id in stay.found if id in self._found} - {key}
        for rank, one in enumerate(ranked, 1):
            if one.key in theirs:
                continue
            id = mine.pop(one.key[0], None)
            if id is None:
                if len(ranked) > self._settings.crowd and not (stay.named or one.other.named):
                    continue
                busy = max(self._raised_lately(mmsi, instant) for mmsi in (key[0], one.key[0]))
                if busy >= self._settings.most_a_day:
                    continue
                id = self._begin(key, stay, one, instant)
            out += self._publish(id, key, stay, one, rank, len(ranked), instant)
        for mmsi, id in sorted(mine.items()):
            if self._stay(self._found[id].other) is not None or self._met(key[0], mmsi, stay.start, stay.end):
                out += self._retract(id, instant)
        return out

    def _begin(self, key: Key, stay: Stay, one: _Candidate, instant: Millis) -> str:
        mmsis = (key[0], one.key[0])
        id = event_id(EventType.DARK_ENCOUNTER, mmsis, stay.start, stay.off.lon, stay.off.lat)
        self._found[id] = Found(key, one.key, instant)
        self._link(key, stay, id)
        return id

    def _link(self, key: Key, stay: Stay, id: str) -> None:
        if id not in stay.found:
            stay.found = [*stay.found, id]
            self._changed.add(f"stay/{key[0]}")

    def _publish(
        self, id: str, key: Key, stay: Stay, one: _Candidate, rank: int, count: int, instant: Millis
    ) -> list[Event]:
        found = self._found[id]
        found.other = one.key
        self._link(one.key, one.other, id)
        case = Case(
            stays=(stay, one.other),
            identities=(self._identity_of(key[0]), self._identity_of(one.key[0])),
            met=one.met,
            rank=rank,
            candidates=count,
            ports=(self._port(stay), self._port(one.other)),
        )
        made = build_event(id, case, self._surroundings, self._detector, self._settings)
        data = to_json(made)
        if data == found.last and not found.retracted:
            return []
        found.last, found.retracted = data, False
        return [self._numbered(id, found, made, instant)]

    def _retract(self, id: str, instant: Millis) -> list[Event]:
        """Take an encounter back, once."""
        found = self._found.get(id)
        if found is None or found.retracted:
            return []
        found.retracted = True
        return [self._numbered(id, found, taken_back(found.last, self._settings), instant)]

    def _numbered(self, id: str, found: Found, event: Event, instant: Millis) -> Event:
        found.revision += 1
        self._changed.add(f"darkmet/{id}")
        return msgspec.structs.replace(event, revision=found.revision, detected=to_text(instant))

    def _port(self, stay: Stay) -> str | None:
        """The nearest port that a silent vessel can have called at instead."""
        if stay.kind is Kind.LOITERING:
            return None
        off, on = (Position(lon=end.lon, lat=end.lat) for end in (stay.off, stay.on))
        near = other_ports(off, on, (stay.end - stay.start) / HOUR, stay.knots, set(), self._visits)
        return near[0] if near else None

    def _is_first(self, id: str, key: Key) -> bool:
        return id in self._found and self._found[id].first == key

    def _raised_lately(self, mmsi: int, instant: Millis) -> int:
        ids = {id for stay in self._stays.get(mmsi, {}).values() for id in stay.found}
        return sum(self._found[id].raised > instant - DAY for id in ids if id in self._found)

    # --- the stays

    def _stay(self, key: Key) -> Stay | None:
        return self._stays.get(key[0], {}).get(key[1])

    def _keep(self, key: Key, stay: Stay) -> None:
        before = self._stay(key)
        if before is not None:  # what is known now of where a loitering began may lie in another row
            self._leave_row(key, before)
        self._stays.setdefault(key[0], {})[key[1]] = stay
        self._rows.setdefault(math.floor(stay.off.lat), set()).add(key)
        self._changed.add(f"stay/{key[0]}")

    def _drop(self, key: Key) -> None:
        stay = self._stays[key[0]].pop(key[1])
        if not self._stays[key[0]]:
            del self._stays[key[0]]
        self._leave_row(key, stay)
        self._changed.add(f"stay/{key[0]}")

    def _leave_row(self, key: Key, stay: Stay) -> None:
        row = math.floor(stay.off.lat)
        self._rows[row].discard(key)
        if not self._rows[row]:
            del self._rows[row]

    # --- checkpoints

    def pieces(self) -> set[str]:
        """The names of all pieces of the state."""
        return {f"stay/{mmsi}" for mmsi in self._stays} | {f"darkmet/{id}" for id in self._found}

    def piece(self, kind: str, rest: str) -> dict[str, Stay] | Found | None:
        """What one piece holds; None where it is gone."""
        return self._stays.get(int(rest)) if kind == "stay" else self._found.get(rest)

    def load(self, pieces: Iterable[tuple[str, str, bytes]]) -> None:
        """Replace the state by these pieces: kind, name and what it holds."""
        self._stays, self._rows, self._found = {}, {}, {}
        for kind, rest, data in pieces:
            if kind == "darkmet":
                self._found[rest] = msgspec.msgpack.decode(data, type=Found)
                continue
            self._stays[int(rest)] = msgspec.msgpack.decode(data, type=dict[str, Stay])
            for id, stay in self._stays[int(rest)].items():
                self._rows.setdefault(math.floor(stay.off.lat), set()).add((int(rest), id))
