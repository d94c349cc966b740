"""Finds identity anomalies, from what all vessels are known to say of themselves and where they are heard.

Identities come only when something of them changes, so all of them are judged in one place: what one vessel
says needs no column of its own, and a number that two MMSIs send is seen wherever the two are tracked.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, KeysView
from typing import Final

import msgspec
import numpy as np

from geofences.distance import haversine_m
from geofences.surroundings import Surroundings
from models.event import Detector, Event, EventType, Reason, Status, event_id, from_json, to_json
from models.report import Rows
from models.time import DAY, HOUR, MINUTE, Millis, from_text
from models.vessel import Identity, ListingStatus
from streams.detection.encounters.renumbered import Namesakes
from streams.detection.ending import ended
from streams.detection.explanation import NOT_OF_INTEREST
from streams.detection.identities.event import build_event, told
from streams.detection.identities.link import Former, Link, Moved, Place, follow, formers, is_alike, link_of
from streams.detection.identities.reasons import REASONS
from streams.detection.identities.record import (
    CHANGED,
    DUPLICATED,
    INCONSISTENT,
    KEPT,
    Case,
    Doubt,
    Record,
    Turn,
    completed,
    doubts_of,
    needed,
    turns_of,
)
from streams.detection.identities.settings import IdentityAnomalySettings
from streams.detection.identities.spelling import may_be_mistyped

_KINDS: Final = (CHANGED, INCONSISTENT, DUPLICATED)


class IdentityAnomalies:
    """State: a record of each vessel that counts and has something to tell, or was given up, by MMSI.

    The state is kept in one piece for each MMSI. The names of those that change are added to `changed`.
    """

    def __init__(
        self,
        settings: IdentityAnomalySettings,
        step: Millis,
        surroundings: Surroundings,
        detector: Detector,
        namesakes: Namesakes,
        identity_of: Callable[[int], Identity],
        changed: set[str],
    ) -> None:
        self._settings = settings
        self._step = step
        self._surroundings = surroundings
        self._detector = detector
        self._namesakes = namesakes
        self._identity_of = identity_of
        self._changed = changed
        self._records: dict[int, Record] = {}
        self._gone: defaultdict[int | str, set[int]] = defaultdict(set)  # by IMO number and call sign
        self._linked: defaultdict[int, set[int]] = defaultdict(set)  # whose links name an MMSI
        self._watched: set[int] = set()
        self._due: set[int] = set()  # something of them changed at this instant

    def learn(self, before: Identity | None, now: Identity, instant: Millis) -> None:
        """Take in what is newly confirmed of a vessel; `before` is what was known until then.

        The namesakes know it already.
        """
        record = self._records.get(now.mmsi)
        if now.gone:
            if record is None and before is not None and before.of_interest:
                record = self._records[now.mmsi] = Record(before)
            if record is not None:
                self._give_up(record, instant)
            return
        others = self._others(now)
        if record is None:
            if not (now.of_interest or any(other.of_interest for other in others)):
                return
            record = self._records[now.mmsi] = Record(before or now)
        self._forget_gone(record)
        for turn in turns_of(record.identity, now, instant):
            self._turn(record, turn, now)
        codes = doubts_of(now, self._settings) if now.of_interest else set()
        record.doubts = {code: record.doubts.get(code) or Doubt(instant) for code in sorted(codes)}
        record.shared_since = (record.shared_since or instant) if now.shared and now.of_interest else 0
        record.identity = completed(record.identity, now)
        for other in others:
            self._link(record, other, instant)
        self._touch(now.mmsi)

    def hear(self, rows: Rows) -> None:
        """Take in the ticks of one instant."""
        if not self._watched:
            return
        rows = rows.compress(np.isin(rows["mmsi"], np.fromiter(self._watched, "u4", len(self._watched))))
        heard: dict[int, set[Millis]] = {}
        columns = (rows[name].tolist() for name in ("mmsi", "time", "lon", "lat"))
        for mmsi, time, lon, lat in sorted(zip(*columns, strict=True)):
            record = self._records[mmsi]
            heard.setdefault(mmsi, set()).add(time)
            if time >= record.time:
                record.time, record.lon, record.lat = time, lon, lat
        for mmsi, times in heard.items():
            self._count(self._records[mmsi], len(times) * self._step)
        pairs = {(mmsi, link.mmsi) for mmsi in heard for link in self._records[mmsi].links}
        pairs |= {(holder, mmsi) for mmsi in heard for holder in self._linked.get(mmsi, ())}
        for holder, other in sorted(pairs):
            self._compare(self._records[holder], other, heard)
        for mmsi in heard:
            self._touch(mmsi)

    def judge(self, instant: Millis) -> list[Event]:
        """The revisions that are due at an instant."""
        if instant % HOUR == 0:
            self._due |= {mmsi for mmsi, record in self._records.items() if record.cases}
        due, self._due = sorted(self._due), set()
        events = [
            event
            for mmsi in due
            for kind in _KINDS
            if (event := self._judge(kind, self._records[mmsi], instant)) is not None
        ]
        for mmsi in due:
            if self._is_blank(self._records[mmsi]):
                self._drop(mmsi)
        self._due = set()
        return events

    def prune(self, instant: Millis) -> None:
        """Once a day, forget the vessels that were given up long ago, and what nothing more is known of."""
        if instant % DAY:
            return
        known = self._settings.known_days * DAY
        for mmsi, record in list(self._records.items()):
            if record.gone and instant - record.gone > known:
                self._forget_gone(record)
                for link in record.links:
                    self._linked[link.mmsi].discard(mmsi)
                for holder in sorted(self._linked.pop(mmsi, ())):
                    links = self._records[holder].links
                    self._records[holder].links = [link for link in links if link.mmsi != mmsi]
                    self._changed.add(f"record/{holder}")
                self._drop(mmsi)

    def _is_blank(self, record: Record) -> bool:
        """Whether nothing is noted of a vessel but what the stage knows of it anyway."""
        noted = record.turns or record.doubts or record.links or record.cases
        kept = record.shared_since or record.gone or self._linked.get(record.identity.mmsi)
        return not (noted or kept) and record.identity == self._identity_of(record.identity.mmsi)

    def _drop(self, mmsi: int) -> None:
        del self._records[mmsi]
        self._watched.discard(mmsi)
        self._changed.add(f"record/{mmsi}")

    # --- what is noted

    def _touch(self, mmsi: int) -> None:
        self._due.add(mmsi)
        self._changed.add(f"record/{mmsi}")
        record = self._records[mmsi]
        if record.is_watched(self._settings) or self._linked.get(mmsi):
            self._watched.add(mmsi)
        else:
            self._watched.discard(mmsi)

    def _turn(self, record: Record, turn: Turn, now: Identity) -> None:
        s = self._settings
        undone = [t for t in record.turns if t.field == turn.field and t.before == turn.after]
        if undone and undone[-1].heard < s.settle_minutes * MINUTE:
            record.turns.remove(undone[-1])  # it did not last
            return
        turn.back = bool(undone)
        if now.away is not None and turn.time - now.away[1] <= s.silence_hours * HOUR:
            turn.away = now.away[1] - now.away[0]
        turn.doubtful = turn.field == "imo" and may_be_mistyped(int(turn.before), int(turn.after))
        record.turns = [*record.turns, turn][-KEPT:]

    def _others(self, now: Identity) -> list[Identity]:
        """The other MMSIs that the same ship may have been heard under, live or given up."""
        keys = [key for key in (now.imo, now.callsign) if key and key in self._gone]
        mmsis = {*self._namesakes.of(now), *(mmsi for key in keys for mmsi in self._gone[key])}
        found = []
        for mmsi in sorted(mmsis - {now.mmsi}):
            record = self._records.get(mmsi)
            other = record.identity if record is not None else self._identity_of(mmsi)
            if link_of(other, now) is not None:
                found.append(other)
        return found[: self._settings.links]

    def _link(self, record: Record, other: Identity, instant: Millis) -> None:
        """Follow the two from now on, unless they are followed already."""
        mmsi = record.identity.mmsi
        theirs = self._records.get(other.mmsi)
        if theirs is None:
            theirs = self._records[other.mmsi] = Record(other)
        followed = any(link.mmsi == other.mmsi for link in record.links)
        followed |= any(link.mmsi == mmsi for link in theirs.links)
        if followed or len(record.links) >= self._settings.links:
            return
        what = link_of(other, record.identity)
        assert what is not None
        link = Link(other.mmsi, what, instant, earlier=other.time < instant)
        record.links = [*record.links, link]
        self._linked[other.mmsi].add(mmsi)
        self._touch(other.mmsi)

    def _give_up(self, record: Record, instant: Millis) -> None:
        """The vessel was not heard for long: what goes on of it ends, and who it was is kept."""
        record.gone = instant
        record.doubts, record.turns, record.shared_since = {}, [], 0
        for key in (record.identity.imo, record.identity.callsign):
            if key:
                self._gone[key].add(record.identity.mmsi)
        self._touch(record.identity.mmsi)

    def _forget_gone(self, record: Record) -> None:
        record.gone = 0
        for key in (record.identity.imo, record.identity.callsign):
            if key and key in self._gone:
                self._gone[key].discard(record.identity.mmsi)
                if not self._gone[key]:
                    del self._gone[key]

    def _count(self, record: Record, heard: Millis) -> None:
        for turn in record.turns:
            turn.heard += heard
        for doubt in record.doubts.values():
            doubt.heard += heard

    def _compare(self, record: Record, other: int, heard: dict[int, set[Millis]]) -> None:
        """Two linked MMSIs, of which one is heard at this instant."""
        s, theirs = self._settings, self._records[other]
        link = next(link for link in record.links if link.mmsi == other)
        here, was_moved = Place(record.time, record.lon, record.lat), link.moved
        metres = float(haversine_m(record.lon, record.lat, theirs.lon, theirs.lat))
        if abs(record.time - theirs.time) > self._step:
            metres = 0.0
        mine, others = heard.get(record.identity.mmsi, set()), heard.get(other, set())
        follow(link, mine, others, here, metres, self._step, s)
        names = f"{other:09d}", f"{record.identity.mmsi:09d}"
        if link.moved and not was_moved:
            record.turns = [*record.turns, Turn(link.since, "mmsi", *names, heard=link.own)][-KEPT:]
        elif was_moved and not link.moved:
            record.turns = [t for t in record.turns if t.field != "mmsi" or t.before != names[0]]
        self._touch(record.identity.mmsi)

    def moved(self, mmsis: KeysView[int]) -> dict[int, Moved]:
        """Those of these MMSIs whose ships are known to go on under another one, and under which. A number
        alone is not enough: another ship may have entered it wrongly."""
        found: dict[int, Moved] = {}
        for mmsi in self._linked.keys() & mmsis:
            for holder in sorted(self._linked[mmsi], reverse=True):  # the first one counts
                record = self._records[holder]
                link = next(link for link in record.links if link.mmsi == mmsi)
                alike = is_alike(record.identity, self._records[mmsi].identity)
                if alike and link.moved and not link.back and link.first is not None:
                    found[mmsi] = Moved(holder, link.what, link.first)
        return found

    def former(self, mmsi: int) -> list[Former]:
        """Under which MMSIs the ship was heard before that has this one now."""
        record = self._records.get(mmsi)
        return [] if record is None else formers(record.identity, record.links, self._records)

    # --- what is told

    def _grounds(self, kind: str, record: Record) -> tuple[str, ...]:
        """What an event of a kind rests on now; empty where there is none."""
        s = self._settings
        if kind == CHANGED:
            turns = [f"{turn.field} {turn.time}" for turn in told(record, s)]
            return tuple(turns + [f"back {link.mmsi}" for link in record.links if link.back and turns])
        if kind == INCONSISTENT:
            return tuple(code for code, doubt in record.doubts.items() if doubt.heard >= needed(code, s))
        both = [f"both {link.mmsi}" for link in record.links if link.both >= s.both_minutes * MINUTE]
        return tuple(["shared"] * bool(record.shared_since) + both)

    def _counts(self, kind: str, record: Record) -> bool:
        if record.identity.of_interest:
            return True
        linked = kind == DUPLICATED or any(link.moved for link in record.links)
        return linked and any(self._records[link.mmsi].identity.of_interest for link in record.links)

    def _judge(self, kind: str, record: Record, instant: Millis) -> Event | None:
        """The revision of a kind that is due, if any."""
        case = record.cases.get(kind)
        if case is not None and not record.gone and not self._counts(kind, record):
            delisted = any(hit.status == ListingStatus.DELISTED for hit in record.identity.watchlists)
            why = None
            if not delisted:
                why = NOT_OF_INTEREST.reason(self._settings, record.identity.ship_type)
            return self._end(kind, record, case, instant, why)
        self._let_go(kind, record, instant)
        grounds = self._grounds(kind, record)
        if case is not None and (not grounds or record.gone):
            return self._end(kind, record, case, instant)
        if not grounds or not record.time or record.gone or not self._counts(kind, record):
            return None
        if case is not None and grounds == case.grounds:
            return None
        if case is None:
            case = record.cases[kind] = self._begin(kind, record)
        case.grounds, case.revision = grounds, case.revision + 1
        event = self._event(kind, record, case, instant)
        case.event = to_json(event)
        self._touch(record.identity.mmsi)
        return event

    def _let_go(self, kind: str, record: Record, instant: Millis) -> None:
        """Forget what has been told for long enough, or was never so for long enough."""
        together = self._settings.together_hours * HOUR
        if kind == CHANGED and record.turns and instant - record.turns[-1].time > together:
            waits = any(turn.heard < self._settings.settle_minutes * MINUTE for turn in record.turns)
            if not waits or instant - record.turns[-1].time > 7 * together:
                record.turns = []
        elif kind == INCONSISTENT and self._namesakes.senders(record.identity.callsign or "") > 2:
            record.doubts.pop("callsign_flag", None)  # somebody entered it instead of a call sign
        elif kind == DUPLICATED:
            for link in record.links:
                if link.both and instant - link.both_until > together:
                    link.both = 0

    def _begin(self, kind: str, record: Record) -> Case:
        if kind == CHANGED:
            start = min(turn.time for turn in told(record, self._settings))
        elif kind == INCONSISTENT:
            start = min(record.doubts[code].since for code in self._grounds(kind, record))
        else:
            since = [link.since for link in record.links if link.both >= self._settings.both_minutes * MINUTE]
            start = min([*since, *([record.shared_since] if record.shared_since else [])])
        mmsi, place = record.identity.mmsi, (record.lon, record.lat)
        return Case(
            event_id(EventType.IDENTITY, (mmsi,), start, *place, what=kind), start, *place, record.time
        )

    def _event(self, kind: str, record: Record, case: Case, instant: Millis) -> Event:
        s = self._settings
        wanted = {
            CHANGED: [link for link in record.links if link.moved],
            DUPLICATED: [link for link in record.links if link.both >= s.both_minutes * MINUTE],
        }.get(kind, [])
        others = [(link, self._records[link.mmsi].identity) for link in wanted]
        return build_event(
            *(kind, record, others, case, instant, Status.OPEN, None, self._surroundings, self._detector, s)
        )

    def _end(
        self, kind: str, record: Record, case: Case, instant: Millis, why: Reason | None = None
    ) -> Event:
        """The last revision: as it was told last."""
        del record.cases[kind]
        event = from_json(case.event)
        if kind == CHANGED and event.identity is not None and why is None:
            end = max(from_text(change.time) for change in event.identity.changes)
        else:
            end = instant
        self._touch(record.identity.mmsi)
        return ended(event, case.revision + 1, end, instant, why, REASONS, self._settings.weights)

    # --- checkpoints

    def pieces(self) -> set[str]:
        """The names of all pieces of the state."""
        return {f"record/{mmsi}" for mmsi in self._records}

    def piece(self, mmsi: int) -> Record | None:
        """What one piece holds; None where it is gone."""
        return self._records.get(mmsi)

    def load(self, pieces: Iterable[tuple[int, bytes]]) -> None:
        """Replace the state by these pieces: MMSI and what it holds."""
        self._records = {mmsi: msgspec.msgpack.decode(data, type=Record) for mmsi, data in pieces}
        self._gone, self._linked = defaultdict(set), defaultdict(set)
        self._due = set()
        for mmsi, record in self._records.items():
            for link in record.links:
                self._linked[link.mmsi].add(mmsi)
            if record.gone:
                for key in (record.identity.imo, record.identity.callsign):
                    if key:
                        self._gone[key].add(mmsi)
        self._watched = {
            mmsi
            for mmsi, record in self._records.items()
            if record.is_watched(self._settings) or self._linked.get(mmsi)
        }
