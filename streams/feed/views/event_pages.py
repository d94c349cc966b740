"""Listings: events by when they were detected, page by page; a cursor stays valid while events come.

A page goes on right below the last event looked at. What has been revised meanwhile has moved to the top: it
comes through the stream, if that is opened from the position that the first page was told with.
"""

import asyncio
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Final

from models.event import Event
from models.event_filter import EventFilter
from models.time import Millis
from streams.feed.log import FeedLog, read_event

LOOKED_AT: Final = 2_000
"""Events looked at for one page; one that nearly nothing matches is short, and the next goes on there."""
CURSOR: Final = r"^-?[0-9]{1,15}\.[0-9A-Za-z]{1,40}$"
_BATCH: Final = 200

Place = tuple[Millis, str]
"""Time of detection and id of an event: where a page ends."""


@dataclass(frozen=True, slots=True)
class Page:
    events: list[Event]
    json: list[bytes]
    next: Place | None
    """Where the next page goes on; None if this is the last one."""


async def page(
    log: FeedLog,
    selection: EventFilter,
    start: Millis | None = None,
    end: Millis | None = None,
    after: Place | None = None,
    limit: int = 100,
) -> Page:
    """The latest revisions of the events that are wanted, newest first."""
    out = Page([], [], None)
    looked = 0
    while looked < LOOKED_AT:
        places = await log.newest_first(start, end, after, _BATCH)
        found = await log.latest_of([name for _, name in places])
        for place, json in zip(places, found, strict=True):
            after = place
            looked += 1
            event = None if json is None else read_event(json)
            if json is None or event is None:
                continue  # dropped in between, or another version's
            if selection.matches(event):
                out.events.append(event)
                out.json.append(json)
                if len(out.events) == limit:
                    last = len(places) < _BATCH and place == places[-1]
                    return Page(out.events, out.json, None if last else after)
        if len(places) < _BATCH:
            return out
        await asyncio.sleep(0)  # others have their turn
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
    """Raises ValueError for what is no cursor."""
    if not re.fullmatch(CURSOR, cursor):
        raise ValueError(cursor)
    time, _, name = cursor.partition(".")
    return int(time), name
