"""Withholding: which alerts are not to be sent, because people dismissed or silenced what they are about."""

from collections import defaultdict
from collections.abc import Mapping
from typing import Final, NamedTuple

from models.event import Event, EventType, Status, from_json
from models.review import Disposition
from models.silence import Silence
from models.time import Millis
from streams.alerts.alert import Alert
from streams.output import event_text
from streams.store.event_log import BEFORE_ALL, EventLog

_BATCH: Final = 1_000


class Verdict(NamedTuple):
    """That an alert is not to be sent."""

    reason: str
    waits: bool = False  # only until a silence is over that began after it


class _Word(NamedTuple):
    """The latest review of an event."""

    dismissed: bool
    by: str
    time: str
    number: int  # among all reviews


class _Chain(NamedTuple):
    """A dismissed chain."""

    revision: int
    legs: tuple[str, ...]


class Withholding:
    """What people have said, as the log has it. A dismissed chain takes the legs with it that it has now.

    Remembers one line for each event that has ever been reviewed, as the log does. An alert is judged once,
    and again only after something has changed.
    """

    def __init__(self, log: EventLog) -> None:
        self._log = log
        self._last = BEFORE_ALL  # the last review that was read
        self._number = 0
        self._words: dict[str, _Word] = {}
        self._chains: dict[str, _Chain] = {}
        self._unknown: set[str] = set()  # dismissed chains whose legs are still to be read
        self._of_leg: dict[str, list[str]] = {}
        """The dismissed chains that have this leg."""
        self._silences: list[Silence] = []
        self._lasting: list[Silence] = []
        self._verdicts: dict[str, Verdict | None] = {}

    def take(self, event: Event) -> None:
        """Take in a revision: a dismissed chain may have other legs now."""
        before = self._chains.get(event.id)
        if before is not None and event.revision > before.revision:
            self._know(event)
            self._changed()

    async def read(self, now: Millis) -> None:
        """Read what people have said since the last call. To be repeated after a fault."""
        while some := await self._log.reviews_since(self._last, _BATCH):
            for entry, review in some:
                dismissed = review.disposition is Disposition.DISMISSED
                self._last, self._number = entry, self._number + 1
                self._words[review.event] = _Word(dismissed, review.by, review.time, self._number)
                if dismissed and review.type is EventType.CHAIN:
                    self._unknown.add(review.event)
                else:
                    self._unknown.discard(review.event)
                    self._chains.pop(review.event, None)
            self._changed()
        if self._unknown:
            ids = sorted(self._unknown)
            for id, json in zip(ids, await self._log.latest_of(ids), strict=True):
                self._chains[id] = _Chain(0, ())
                if (chain := _event(json)) is not None:
                    self._know(chain)
            self._unknown.clear()
            self._changed()
        silences = await self._log.kept_silences()
        lasting = [one for one in silences if one.lasts(now)]
        if (silences, lasting) != (self._silences, self._lasting):
            self._silences, self._lasting = silences, lasting
            self._verdicts = {}

    def verdicts(self, alerts: Mapping[str, Alert]) -> dict[str, Verdict]:
        """Which of these alerts, by id, are not to be sent."""
        known = self._verdicts
        self._verdicts = {
            id: known[id] if id in known else self.verdict(alert) for id, alert in alerts.items()
        }
        return {id: one for id, one in self._verdicts.items() if one is not None}

    def verdict(self, alert: Alert) -> Verdict | None:
        """None if it may be sent. A share of the cap always may: it is told only once, whatever is said."""
        if alert.cap_share is not None:
            return None
        own = self._words.get(alert.event)
        if own is not None and own.dismissed:
            return Verdict(f"dismissed by {own.by} at {own.time}")
        for chain in self._of_leg.get(alert.event, ()):
            word = self._words[chain]
            if own is None or own.number < word.number:  # a later word about the leg itself counts
                return Verdict(f"a leg of chain {chain}, dismissed by {word.by} at {word.time}")
        over = [one for one in self._silences if one.covers(alert.vessels, alert.place)]
        for one in over:  # also one that is over by now, if we have only now come to it
            if one.lasts(alert.since):
                return Verdict(_silenced(one))
        return next((Verdict(_silenced(one), waits=True) for one in over if one in self._lasting), None)

    def _know(self, event: Event) -> None:
        stands = event.chain is not None and event.status is not Status.RETRACTED
        legs = event.chain.legs if stands and event.chain is not None else ()
        self._chains[event.id] = _Chain(event.revision, tuple(leg.event for leg in legs))

    def _changed(self) -> None:
        of_leg = defaultdict[str, list[str]](list)
        for id, chain in self._chains.items():
            for leg in chain.legs:
                of_leg[leg].append(id)
        self._of_leg, self._verdicts = dict(of_leg), {}


def _event(json: bytes | None) -> Event | None:
    try:
        return None if json is None else from_json(json)
    except ValueError:  # of another version; the alerts about its legs go out
        return None


def _silenced(one: Silence) -> str:
    return f"silence {one.id} of {one.what}, by {one.by} until {event_text.short(one.until)} UTC"
