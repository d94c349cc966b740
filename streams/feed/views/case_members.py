"""Case members: the events that a case is made of, and the oil that it landed.

A case is a chain with the events of its legs, or else an encounter with what its vessels did around it: the
loiterings that overlap with it, and of each vessel the last call before and the first call after.
"""

from typing import Final

from models.event import Event, EventType, Status
from models.event_filter import EventFilter
from models.time import DAY, from_text
from streams.feed.log import FeedLog, read_event
from streams.feed.views import event_pages
from streams.ledger.book import deliveries
from streams.ledger.delivery import Delivery
from streams.ledger.settings import LedgerSettings

AROUND: Final = 50 * DAY
"""How long before and after an encounter a call still belongs to it: as long as oil is on its way from the
farthest Russian ports."""
CALLS: Final = (EventType.PORT_VISIT, EventType.DARK_PORT_VISIT)


async def members(log: FeedLog, event: Event) -> list[Event]:
    """The events of a case by their start; none for events that are no case."""
    if event.chain:
        found = await _read(log, [leg.event for leg in event.chain.legs])
    elif event.encounter:
        found = await _around(log, event)
    else:
        return []
    return sorted(found, key=lambda one: (one.start, one.id))


async def landed(log: FeedLog, chain: Event, s: LedgerSettings) -> list[Delivery]:
    """What the calls at the end of a chain, seen or possible, may have landed; none without one."""
    legs = chain.chain.legs if chain.chain else ()
    calls = await _read(log, [leg.event for leg in legs if leg.kind == "discharge"])
    return deliveries([chain, *calls], s)


async def _read(log: FeedLog, ids: list[str]) -> list[Event]:
    unique = list(dict.fromkeys(ids))
    return [
        event
        for json in await log.latest_of(unique)
        if json is not None and (event := read_event(json)) is not None
    ]


async def _around(log: FeedLog, met: Event) -> list[Event]:
    start, end = from_text(met.start), from_text(met.end or met.detected)
    types = [kind.value for kind in (EventType.LOITERING, *CALLS)]
    wanted = EventFilter.parse({"type": types, "mmsi": [vessel.ssvid for vessel in met.vessels]})
    page = await event_pages.page(log, wanted, start - AROUND, None, None, 1_000)
    found: list[Event] = []
    before: dict[str, Event] = {}
    after: dict[str, Event] = {}
    for event in page.events:
        if event.status is Status.RETRACTED:
            continue
        vessel, first = event.vessel.ssvid, from_text(event.start)
        last = from_text(event.end or event.detected)
        if event.type is EventType.LOITERING:
            if first <= end and last >= start:
                found.append(event)
        elif first < start:
            if last >= start - AROUND and (vessel not in before or event.start > before[vessel].start):
                before[vessel] = event
        elif first <= end + AROUND and (vessel not in after or event.start < after[vessel].start):
            after[vessel] = event
    return [*found, *before.values(), *after.values()]
