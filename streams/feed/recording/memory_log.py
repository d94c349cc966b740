"""An event log in memory, for a recording: all that has been read, and what was known of it at any moment.

`MemoryLog.add` takes what the stages find, in order. `as_of` gives the log as it stood at a moment: a view
that costs nothing to make, so that each viewer can have a moment of their own.
"""

import time
from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field, replace

from models.event import Event, EventType, to_json
from models.last_position import LastPosition
from models.review import Review
from models.silence import AuditLine, Silence
from models.tick import Instant
from models.time import BEGINNING, Millis, from_text, to_text
from models.vessel import Identity
from streams.deployment.heartbeat import Heartbeat
from streams.feed.notifier import Notifier
from streams.feed.recording.tracks import Tracks
from streams.store.event_log import (
    BEFORE_ALL,
    Ends,
    Entry,
    VesselRecord,
    entry_key,
)


@dataclass(slots=True)
class _History:
    """The identities of a vessel, and the instants at which they became known."""

    known_at: list[Millis] = field(default_factory=list)
    identities: list[Identity] = field(default_factory=list)


@dataclass(slots=True)
class _Content:
    """What the log and all its views hold in common."""

    entries: list[Entry] = field(default_factory=list)  # without their entry ids
    detected: list[Millis] = field(default_factory=list)
    indices: defaultdict[str, list[int]] = field(default_factory=lambda: defaultdict(list))
    """The indices of each event's revisions."""
    tracks: Tracks = field(default_factory=Tracks)
    identities: defaultdict[int, _History] = field(default_factory=lambda: defaultdict(_History))
    reviews: list[tuple[str, Review]] = field(default_factory=list)
    silences: dict[str, Silence] = field(default_factory=dict)
    audit: list[AuditLine] = field(default_factory=list)
    age: int = field(default_factory=lambda: int(time.time() * 1000))
    """The first part of entry ids, which tells this log from one of another process."""
    added: int = 0  # how often something was added
    read_to: Millis = BEGINNING
    changed: Notifier = field(default_factory=Notifier)
    reviewed: Notifier = field(default_factory=Notifier)


class RecordingLog:
    """A log that can be read. No method waits, except `wait` and `wait_reviews`.

    To be used in the event loop only.
    """

    def __init__(self, content: _Content, moment: Millis | None = None) -> None:
        """The log as it stood at a moment; None: with all that has been read."""
        self._content, self._moment = content, moment

    @property
    def _now(self) -> Millis:
        """The last instant that is visible."""
        read_to = self._content.read_to
        return read_to if self._moment is None else min(self._moment, read_to)

    @property
    def _count(self) -> int:
        """The number of visible entries."""
        c = self._content
        return len(c.entries) if self._moment is None else bisect_right(c.detected, self._moment)

    async def since(self, entry: str = BEFORE_ALL, count: int = 100) -> list[Entry]:
        age, number = entry_key(entry)
        start = number if age == self._content.age else 0
        return [self._entry(index) for index in range(start, min(start + count, self._count))]

    async def wait(self, entry: str, count: int = 100, seconds: float = 15.0) -> list[Entry]:
        if not (found := await self.since(entry, count)) and await self._content.changed.wait(seconds):
            found = await self.since(entry, count)
        return found

    async def ends(self) -> Ends | None:
        if not self._count:
            return None
        return Ends(self._id(0), self._id(self._count - 1), trimmed=False)

    async def last(self) -> str:
        return self._id(self._count - 1) if self._count else BEFORE_ALL

    async def at(self, entry: str) -> Entry | None:
        age, number = entry_key(entry)
        return self._entry(number - 1) if age == self._content.age and 0 < number <= self._count else None

    async def latest_of(self, events: Sequence[str]) -> list[bytes | None]:
        entries = self._content.entries
        return [None if (at := self._latest(event)) is None else entries[at].json for event in events]

    async def latest_of_type(self, type: str) -> list[bytes]:
        ids = {one.id for one in self._content.entries[: self._count] if one.type == type}
        return [json for json in await self.latest_of(sorted(ids)) if json is not None]

    async def newest_first(
        self,
        start: Millis | None = None,
        end: Millis | None = None,
        after: tuple[Millis, str] | None = None,
        count: int = 100,
    ) -> list[tuple[Millis, str]]:
        detected, visible = self._content.detected, self._count
        if after is not None:
            end = after[0] if end is None else min(end, after[0])
        top = visible if end is None else bisect_right(detected, end, hi=visible)
        bottom = 0 if start is None else bisect_left(detected, start)
        found: list[tuple[Millis, str]] = []
        for index in range(top - 1, bottom - 1, -1):
            one = (detected[index], self._content.entries[index].id)
            if self._latest(one[1]) == index and (after is None or one < after):
                found.append(one)
                if len(found) == count:
                    break
        return found

    async def revisions(self, event: str) -> list[Entry]:
        visible = self._count
        return [self._entry(index) for index in self._content.indices.get(event, ()) if index < visible]

    async def vessel(self, mmsi: int) -> VesselRecord | None:
        tracks, now = self._content.tracks, self._now
        where = next(iter(tracks.whereabouts([mmsi], now)), None)
        history = self._known(mmsi)
        if where is None and not history:
            return None
        points = tracks.points(mmsi, now)
        return VesselRecord(mmsi, where, history[-1] if history else None, points, tuple(history))

    async def version(self) -> tuple[str, str]:
        return str(self._content.age), f"{self._now}.{self._content.added}"

    async def heard_at(self, since: Millis) -> dict[int, Millis]:
        heard = self._content.tracks.heard(self._now)
        for mmsi in self._content.identities:
            if known := self._known(mmsi):
                heard[mmsi] = max(known[-1].time, heard.get(mmsi, BEGINNING))
        return {mmsi: at for mmsi, at in heard.items() if at >= since}

    async def coverage(self, since: Millis) -> dict[int, Millis]:
        return self._content.tracks.coverage(since, self._now)

    async def whereabouts(self, mmsis: Iterable[int]) -> list[LastPosition]:
        return self._content.tracks.whereabouts(mmsis, self._now)

    async def identities(self, mmsis: Iterable[int]) -> list[Identity]:
        return [known[-1] for mmsi in mmsis if (known := self._known(mmsi))]

    async def histories(self, mmsis: Iterable[int]) -> list[tuple[Identity, ...]]:
        return [tuple(self._known(mmsi)) for mmsi in mmsis]

    async def newest(self) -> Millis | None:
        return None if self._now == BEGINNING else self._now

    async def heartbeats(self) -> dict[str, Heartbeat]:
        return {}

    # Reviews, which are of no moment: every view has all of them

    async def add_review(self, review: Review, line: AuditLine | None = None) -> None:
        reviews = self._content.reviews
        reviews.append((f"{self._content.age}-{len(reviews) + 1}", review))
        self._content.reviewed.notify()
        if line is not None:
            self._content.audit.append(line)

    async def reviews(self, event: str) -> list[Review]:
        return [review for _, review in self._content.reviews if review.event == event]

    async def latest_reviews(self, events: Sequence[str]) -> dict[str, Review]:
        wanted = set(events)
        return {review.event: review for _, review in self._content.reviews if review.event in wanted}

    async def reviews_since(self, entry: str = BEFORE_ALL, count: int = 100) -> list[tuple[str, Review]]:
        key = entry_key(entry)
        reviews = self._content.reviews
        first = bisect_right(reviews, key, key=lambda one: entry_key(one[0]))
        return reviews[first : first + count]

    async def wait_reviews(
        self, entry: str, count: int = 100, seconds: float = 15.0
    ) -> list[tuple[str, Review]]:
        if not (found := await self.reviews_since(entry, count)) and await self._content.reviewed.wait(
            seconds
        ):
            found = await self.reviews_since(entry, count)
        return found

    # Silences, which are of no moment either

    async def add_silence(self, silence: Silence, line: AuditLine) -> None:
        self._content.silences[silence.id] = silence
        self._content.audit.append(line)

    async def end_silence(self, silence: str, line: AuditLine) -> bool:
        found = self._content.silences.get(silence)
        if found is None or from_text(found.until) <= from_text(line.time):
            return False
        del self._content.silences[silence]
        self._content.audit.append(line)
        return True

    async def silences(self, now: Millis) -> list[Silence]:
        found = [one for one in self._content.silences.values() if from_text(one.until) > now]
        return sorted(found, key=lambda one: (one.until, one.id))

    async def audit(self, count: int = 200) -> list[AuditLine]:
        return self._content.audit[: -count - 1 : -1]

    def _id(self, index: int) -> str:
        return f"{self._content.age}-{index + 1}"

    def _entry(self, index: int) -> Entry:
        return replace(self._content.entries[index], entry=self._id(index))

    def _latest(self, event: str) -> int | None:
        """The index of the event's highest visible revision."""
        indices = self._content.indices.get(event, [])
        visible = bisect_left(indices, self._count)
        return indices[visible - 1] if visible else None

    def _known(self, mmsi: int) -> list[Identity]:
        history = self._content.identities.get(mmsi)
        return history.identities[: bisect_right(history.known_at, self._now)] if history else []


class MemoryLog(RecordingLog):
    """The log of a recording, which can be added to."""

    def __init__(self) -> None:
        super().__init__(_Content())
        self.first: Millis | None = None
        """The first instant that has been added."""

    @property
    def read_to(self) -> Millis:
        """The last instant that has been added."""
        return self._content.read_to

    def as_of(self, moment: Millis) -> RecordingLog:
        """The log as it stood at this moment, and nothing that became known later."""
        return RecordingLog(self._content, moment)

    def add(self, instants: Iterable[Instant], events: Iterable[Event]) -> None:
        """Add what the stages found next: instants by time, events in the order of
        `models.event.sort_key`."""
        content = self._content
        for instant in instants:
            self._reached(instant.time)
            content.tracks.add(instant.time, instant.ticks)
            for identity in instant.identities:
                history = content.identities[identity.mmsi]
                if identity.gone or (history.identities and identity.time <= history.identities[-1].time):
                    continue
                history.known_at.append(instant.time)
                history.identities.append(identity)
        before = len(content.entries)
        for event in events:
            detected = from_text(event.detected)
            content.indices[event.id].append(len(content.entries))
            content.entries.append(
                Entry("", event.id, event.revision, event.type, event.level, event.status, to_json(event))
            )
            content.detected.append(detected)
            self._reached(detected)
        content.added += 1
        if len(content.entries) > before:
            content.changed.notify()

    def exchange(self, types: Collection[EventType], events: Iterable[Event]) -> None:
        """Put these events in the place of all events of these types. The log begins anew for its readers."""
        content = self._content
        fresh = [
            (one.detected, one.id, one.revision, Entry(
                "", one.id, one.revision, one.type, one.level, one.status, to_json(one)
            ))
            for one in events
        ]  # fmt: skip
        kept = [
            (to_text(at), one.id, one.revision, one)
            for at, one in zip(content.detected, content.entries, strict=True)
            if one.type not in types
        ]
        rows = sorted([*kept, *fresh], key=lambda row: row[:3])
        content.entries = [row[3] for row in rows]
        content.detected = [from_text(row[0]) for row in rows]
        content.indices.clear()
        for index, one in enumerate(content.entries):
            content.indices[one.id].append(index)
        content.age += 1
        content.added += 1
        content.changed.notify()

    def _reached(self, moment: Millis) -> None:
        self.first = moment if self.first is None else self.first
        self._content.read_to = max(self._content.read_to, moment)

    def all_latest(self) -> list[Entry]:
        """The highest revision of every event, in the order of first revisions."""
        return [self._entry(indices[-1]) for indices in self._content.indices.values()]
