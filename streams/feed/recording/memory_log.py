"""An event log in memory, for a recording: it can show what was known at any moment.

`add` takes what the stages find, in order. `show` sets the moment up to which it is visible. When that moment
goes back, a new age begins, and the entry ids of the age before are no longer valid.
"""

import time
from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

from models.event import Event, to_json
from models.last_position import LastPosition
from models.review import Review
from models.tick import Instant
from models.time import BEGINNING, Millis, from_text
from models.vessel import Identity
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


class MemoryLog:
    """To be used in the event loop only. No method waits, except `wait` and `wait_reviews`."""

    def __init__(self) -> None:
        self._entries: list[Entry] = []  # without their entry ids, which depend on the age
        self._detected: list[Millis] = []
        self._indices: defaultdict[str, list[int]] = defaultdict(list)  # of each event's revisions
        self._tracks = Tracks()
        self._identities: defaultdict[int, _History] = defaultdict(_History)
        self._reviews: list[tuple[str, Review]] = []
        self._age = int(time.time() * 1000)
        self._now: Millis = BEGINNING
        self._count = 0  # of visible entries
        self._late = 0  # instants that were already to be visible when they were added
        self._changed, self._reviewed = Notifier(), Notifier()
        self.read_to: Millis = BEGINNING
        """The last instant that has been added."""
        self.first: Millis | None = None
        """The first instant that has been added."""

    # What the stages write

    def add(self, instants: Iterable[Instant], events: Iterable[Event]) -> None:
        """Add what the stages found next: instants by time, events in the order of
        `models.event.sort_key`."""
        for instant in instants:
            self._reached(instant.time)
            self._tracks.add(instant.time, instant.ticks)
            self._late += instant.time <= self._now
            for identity in instant.identities:
                history = self._identities[identity.mmsi]
                if identity.gone or (history.identities and identity.time <= history.identities[-1].time):
                    continue
                history.known_at.append(instant.time)
                history.identities.append(identity)
        for event in events:
            detected = from_text(event.detected)
            self._indices[event.id].append(len(self._entries))
            self._entries.append(
                Entry("", event.id, event.revision, event.type, event.level, event.status, to_json(event))
            )
            self._detected.append(detected)
            self._reached(detected)

    def _reached(self, moment: Millis) -> None:
        self.first = moment if self.first is None else self.first
        self.read_to = max(self.read_to, moment)

    def all_latest(self) -> list[Entry]:
        """The highest revision of every event that has been added, visible or not, in the order of first
        revisions."""
        return [self._entry(indices[-1]) for indices in self._indices.values()]

    def show(self, now: Millis) -> None:
        """Make visible what was known at this instant, and nothing else."""
        before = (self._age, self._count)
        if now < self._now:
            self._age = max(self._age + 1, int(time.time() * 1000))
        self._now = now
        self._count = bisect_right(self._detected, now)
        if before != (self._age, self._count):
            self._changed.notify()

    # What the feed reads

    async def since(self, entry: str = BEFORE_ALL, count: int = 100) -> list[Entry]:
        age, number = entry_key(entry)
        start = number if age == self._age else 0
        return [self._entry(index) for index in range(start, min(start + count, self._count))]

    async def wait(self, entry: str, count: int = 100, seconds: float = 15.0) -> list[Entry]:
        if not (found := await self.since(entry, count)) and await self._changed.wait(seconds):
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
        return self._entry(number - 1) if age == self._age and 0 < number <= self._count else None

    async def latest_of(self, events: Sequence[str]) -> list[bytes | None]:
        return [None if (at := self._latest(event)) is None else self._entries[at].json for event in events]

    async def latest_of_type(self, type: str) -> list[bytes]:
        ids = {one.id for one in self._entries[: self._count] if one.type == type}
        return [json for json in await self.latest_of(sorted(ids)) if json is not None]

    async def newest_first(
        self,
        start: Millis | None = None,
        end: Millis | None = None,
        after: tuple[Millis, str] | None = None,
        count: int = 100,
    ) -> list[tuple[Millis, str]]:
        if after is not None:
            end = after[0] if end is None else min(end, after[0])
        top = self._count if end is None else bisect_right(self._detected, end, hi=self._count)
        bottom = 0 if start is None else bisect_left(self._detected, start)
        found: list[tuple[Millis, str]] = []
        for index in range(top - 1, bottom - 1, -1):
            one = (self._detected[index], self._entries[index].id)
            if self._latest(one[1]) == index and (after is None or one < after):
                found.append(one)
                if len(found) == count:
                    break
        return found

    async def revisions(self, event: str) -> list[Entry]:
        return [self._entry(index) for index in self._indices.get(event, ()) if index < self._count]

    async def vessel(self, mmsi: int) -> VesselRecord | None:
        where = next(iter(self._tracks.whereabouts([mmsi], self._now)), None)
        history = self._known(mmsi)
        if where is None and not history:
            return None
        points = self._tracks.points(mmsi, self._now)
        return VesselRecord(mmsi, where, history[-1] if history else None, points, tuple(history))

    async def version(self) -> tuple[str, str]:
        return str(self._age), f"{min(self._now, self.read_to)}.{self._late}"

    async def heard_at(self, since: Millis) -> dict[int, Millis]:
        heard = self._tracks.heard(self._now)
        for mmsi in self._identities:
            if known := self._known(mmsi):
                heard[mmsi] = max(known[-1].time, heard.get(mmsi, BEGINNING))
        return {mmsi: at for mmsi, at in heard.items() if at >= since}

    async def whereabouts(self, mmsis: Iterable[int]) -> list[LastPosition]:
        return self._tracks.whereabouts(mmsis, self._now)

    async def identities(self, mmsis: Iterable[int]) -> list[Identity]:
        return [known[-1] for mmsi in mmsis if (known := self._known(mmsi))]

    async def newest(self) -> Millis | None:
        return None if self._now == BEGINNING else min(self._now, self.read_to)

    # Reviews

    async def add_review(self, review: Review) -> None:
        self._reviews.append((f"{self._age}-{len(self._reviews) + 1}", review))
        self._reviewed.notify()

    async def reviews(self, event: str) -> list[Review]:
        return [review for _, review in self._reviews if review.event == event]

    async def latest_reviews(self, events: Sequence[str]) -> dict[str, Review]:
        wanted = set(events)
        return {review.event: review for _, review in self._reviews if review.event in wanted}

    async def reviews_since(self, entry: str = BEFORE_ALL, count: int = 100) -> list[tuple[str, Review]]:
        key = entry_key(entry)
        first = bisect_right(self._reviews, key, key=lambda one: entry_key(one[0]))
        return self._reviews[first : first + count]

    async def wait_reviews(
        self, entry: str, count: int = 100, seconds: float = 15.0
    ) -> list[tuple[str, Review]]:
        if not (found := await self.reviews_since(entry, count)) and await self._reviewed.wait(seconds):
            found = await self.reviews_since(entry, count)
        return found

    def _id(self, index: int) -> str:
        return f"{self._age}-{index + 1}"

    def _entry(self, index: int) -> Entry:
        return replace(self._entries[index], entry=self._id(index))

    def _latest(self, event: str) -> int | None:
        """The index of the event's highest visible revision."""
        indices = self._indices.get(event, [])
        visible = bisect_left(indices, self._count)
        return indices[visible - 1] if visible else None

    def _known(self, mmsi: int) -> list[Identity]:
        history = self._identities.get(mmsi)
        return history.identities[: bisect_right(history.known_at, self._now)] if history else []
