"""Withholding: which alerts are not to be sent, because people dismissed or silenced what they are about."""

from collections.abc import Collection
from typing import Final

from models.event import Event, EventType, Status, from_json
from models.review import Disposition, Review
from models.silence import Silence
from models.time import Millis
from streams.output import event_text
from streams.store.event_log import BEFORE_ALL, EventLog

_BATCH: Final = 1_000


class Withholding:
    """What people have said, as the log has it. A dismissed chain takes the legs with it that it has now."""

    def __init__(self, log: EventLog) -> None:
        self._log = log
        self._read = BEFORE_ALL  # the last review that was read
        self._chains: set[str] = set()  # whose latest review dismissed them, when it was read

    async def reasons(self, events: Collection[str], now: Millis) -> dict[str, str]:
        """Why nothing may be sent about these events, by id; those that are not in it may be sent."""
        reviews = await self._log.latest_reviews(sorted(events))
        found = {
            id: f"dismissed by {one.by} at {one.time}"
            for id, one in reviews.items()
            if one.disposition is Disposition.DISMISSED
        }
        for chain, (review, legs) in (await self._dismissed()).items():
            for id in legs & (set(events) - found.keys()):
                own = reviews.get(id)
                if own is None or own.time < review.time:  # a later word about the leg itself counts
                    found[id] = f"a leg of chain {chain}, dismissed by {review.by} at {review.time}"
        silences = [one for one in await self._log.silences(now) if one.lasts(now)]
        if silences and (left := sorted(set(events) - found.keys())):
            for event in filter(None, map(_event, await self._log.latest_of(left))):
                if (over := next((one for one in silences if one.covers(event)), None)) is not None:
                    found[event.id] = _silenced(over)
        return found

    async def _dismissed(self) -> dict[str, tuple[Review, frozenset[str]]]:
        """The chains that stand and are dismissed, each with its latest review and its legs."""
        while some := await self._log.reviews_since(self._read, _BATCH):
            self._read = some[-1][0]
            for _, review in some:
                if review.type is EventType.CHAIN and review.disposition is Disposition.DISMISSED:
                    self._chains.add(review.event)
        ids = sorted(self._chains)
        latest = await self._log.latest_reviews(ids)
        found: dict[str, tuple[Review, frozenset[str]]] = {}
        for id, json in zip(ids, await self._log.latest_of(ids), strict=True):
            last, chain = latest.get(id), _event(json)
            if last is None or last.disposition is not Disposition.DISMISSED or json is None:
                self._chains.discard(id)
            elif chain is not None and chain.chain is not None and chain.status is not Status.RETRACTED:
                found[id] = last, frozenset(leg.event for leg in chain.chain.legs)
        return found


def _event(json: bytes | None) -> Event | None:
    try:
        return None if json is None else from_json(json)
    except ValueError:  # of another version; the alert about it goes out
        return None


def _silenced(one: Silence) -> str:
    return f"silence {one.id} of {one.what}, by {one.by} until {event_text.short(one.until)} UTC"
