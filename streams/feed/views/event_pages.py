"""Pages of events, newest first by detection. A cursor stays valid while new events come.

A page continues right below the last event that was looked at. An event that has been revised in the meantime
has moved to the top, where no later page finds it. It comes by the stream, if that is opened from the log
position that the first page gave.
"""

import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Final

from models.event import Event
from models.event_filter import EventFilter
from models.time import Millis
from streams.feed.log import FeedLog, read_event
from streams.feed.steps import pieces, step

LOOKED_AT: Final = 2_000
"""The most events looked at for one page. If few of them match, the page is short, and the next one
continues."""
PAGE_BYTES: Final = 4_000_000
"""Bytes of events after which a page is full: an event can be some ten KB large."""
CURSOR: Final = r"^-?[0-9]{1,15}\.[0-9A-Za-z]{1,40}$"
_BATCH: Final = 200

Place = tuple[Millis, str]
"""Where a page ends: the time of detection and the id of an event."""


@dataclass(frozen=True, slots=True)
class Page:
    events: list[Event]
    json: list[bytes]
    """The same events as they are in the log."""
    next: Place | None
    """Where the next page continues; None if this is the last one."""


async def page(
    log: FeedLog,
    selection: EventFilter,
    start: Millis | None = None,
    end: Millis | None = None,
    after: Place | None = None,
    limit: int = 100,
) -> Page:
    """The highest revisions of the events that match, newest first."""
    out = Page([], [], None)
    looked = size = 0
    while looked < LOOKED_AT:
        places = await log.newest_first(start, end, after, _BATCH)
        found = await log.latest_of([name for _, name in places])
        for some in pieces(list(zip(places, found, strict=True))):
            async with step():
                for place, json in some:
                    after = place
                    looked += 1
                    event = None if json is None else read_event(json)
                    if json is None or event is None:
                        continue  # dropped since it was listed, or written by another version
                    if selection.matches(event):
                        out.events.append(event)
                        out.json.append(json)
                        size += len(json)
                        if len(out.events) == limit or size >= PAGE_BYTES:
                            last = len(places) < _BATCH and place == places[-1]
                            return Page(out.events, out.json, None if last else after)
        if len(places) < _BATCH:
            return out
    return Page(out.events, out.json, after)


async def every(
    log: FeedLog, selection: EventFilter, start: Millis | None = None, end: Millis | None = None
) -> AsyncIterator[Page]:
    """All pages."""
    after: Place | None = None
    while True:
        one = await page(log, selection, start, end, after, 1_000)
        yield one
        if (after := one.next) is None:
            return


def to_cursor(place: Place) -> str:
    return f"{place[0]}.{place[1]}"


def from_cursor(cursor: str) -> Place:
    """Raises ValueError for anything but a cursor."""
    if not re.fullmatch(CURSOR, cursor):
        raise ValueError(cursor)
    time, _, name = cursor.partition(".")
    return int(time), name
