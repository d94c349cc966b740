"""The schedule of a rule: decides what is sent, and when, from the entries of the log and the clock. No I/O.

Alerts of the rule wait here until they become a message: alone, or in a digest with others that had to wait
for the end of quiet hours or for room below the limit. A message stays as it was made, under the same id,
until it is delivered or given up.
"""

import hashlib
import itertools
from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Any, Final, Generic, TypeVar

import msgspec

from models.event import Event, EventType, Level, Status
from models.time import DAY, HOUR, Millis
from streams.alerts import cap_share, time_left
from streams.alerts.alert import Alert, Followed, Held, Kind, follow, revisions, subject, take_back
from streams.alerts.rules import Rule
from streams.alerts.time_left import WatchedChain
from streams.ledger.book import TYPES, Book, Call, ChainEnds
from streams.ledger.settings import LedgerSettings
from streams.output import event_text
from streams.output.sanitize import sanitize
from streams.store.event_log import BEFORE_ALL, Entry, entry_key

DIGEST: Final = 200
"""Most alerts in one digest; the others are in the next."""
REFUSED: Final = 20
"""Most messages that were refused for now and are tried again while others go ahead."""
WAITING: Final = 10_000
"""Most alerts that may wait; beyond that the oldest are given up."""
FOLLOWED: Final = 90 * DAY
"""How long after its last revision an event is forgotten."""
SUMMARY: Final = 500
"""Characters of an event's sentence that a digest quotes."""
FACTORS: Final = LedgerSettings()
"""What barrels are worked out with, unless settings say otherwise."""
K = TypeVar("K", bound=str)
V = TypeVar("V")


class PendingMessage(msgspec.Struct, frozen=True):
    """One message: of an event (one alert), a digest (several), or a gap in the log (none)."""

    id: str
    alerts: tuple[Alert, ...]
    made: Millis
    due: Millis  # of the next attempt
    refusals: int = 0
    gap: tuple[str, str] | None = None  # entries of the log between which some are missing
    tried: bool = False  # it was handed over, and the receiver may have it although it has not said so


class Table(dict[str, V], Generic[V]):
    """A table that knows which of its rows have changed since it was last asked."""

    def __init__(self, content: Mapping[str, V] | None = None) -> None:
        super().__init__(content or {})
        self._changed: dict[str, None] = {}

    def __setitem__(self, key: str, value: V) -> None:
        super().__setitem__(key, value)
        self._changed[key] = None

    def __delitem__(self, key: str) -> None:
        super().__delitem__(key)
        self._changed[key] = None

    def discard(self, key: str) -> None:
        if key in self:
            del self[key]

    def forget(self, key: str) -> None:
        """Remove rows that others have removed from Redis."""
        self.pop(key, None)

    def changed(self) -> dict[str, V | None]:
        changed, self._changed = self._changed, {}
        return {key: self.get(key) for key in changed}


class State:
    """What a rule has to remember, in named fields of bytes."""

    def __init__(self, fields: Mapping[str, bytes] | None = None) -> None:
        found: dict[str, dict[str, bytes]] = {name: {} for name in ("f", "w", "p", "c", "l", "e", "t", "")}
        for name, value in (fields or {}).items():
            table, colon, key = name.partition(":")
            found[table if colon else ""][key if colon else name] = value
        self.followed = Table({key: _FOLLOWED.decode(value) for key, value in found["f"].items()})
        waiting = [_ALERT.decode(value) for value in found["w"].values()]
        waiting.sort(key=lambda alert: entry_key(alert.entry))
        self.waiting = Table({alert.id: alert for alert in waiting})
        self.parcels = Table({key: _PARCEL.decode(value) for key, value in found["p"].items()})
        self.chains = Table({key: _CHAIN.decode(value) for key, value in found["c"].items()})
        """Chains whose time left is watched."""
        self.calls = Table({key: _CALL.decode(value) for key, value in found["l"].items()})
        self.chain_ends = Table({key: _ENDS.decode(value) for key, value in found["e"].items()})
        """The book of the ledger."""
        self.told: Table[bool] = Table(dict.fromkeys(found["t"], True))
        """Shares of the cap that were told."""
        self.single: Table[Any] = Table({key: msgspec.json.decode(value) for key, value in found[""].items()})

    def changed(self) -> dict[str, bytes | None]:
        """The fields that have changed since the last call; None for those that are gone."""
        tables: Iterable[tuple[str, Table[Any]]] = (
            ("f:", self.followed), ("w:", self.waiting), ("p:", self.parcels), ("c:", self.chains),
            ("l:", self.calls), ("e:", self.chain_ends), ("t:", self.told), ("", self.single),
        )  # fmt: skip
        return {
            prefix + key: None if value is None else msgspec.json.encode(value)
            for prefix, table in tables
            for key, value in table.changed().items()
        }


_FOLLOWED: Final = msgspec.json.Decoder(Followed)
_ALERT: Final = msgspec.json.Decoder(Alert)
_PARCEL: Final = msgspec.json.Decoder(PendingMessage)
_CHAIN: Final = msgspec.json.Decoder(WatchedChain)
_CALL: Final = msgspec.json.Decoder(Call)
_ENDS: Final = msgspec.json.Decoder(ChainEnds)


class Schedule:
    def __init__(self, rule: Rule, state: State, ledger: LedgerSettings = FACTORS) -> None:
        self.rule, self.state = rule, state
        self._selection = rule.selection()
        self._held = 0
        self._ledger = ledger
        self._book = Book(ledger, state.calls, state.chain_ends)
        self._recount = True  # the book may have changed since the shares were looked at

    @property
    def known_types(self) -> tuple[EventType, ...]:
        """The types of events that the rule has to know from before it began."""
        return TYPES if self.rule.shares else (EventType.CHAIN,) if self.rule.limits else ()

    @property
    def position(self) -> str | None:
        """The last entry of the log that was taken in; None for a new rule."""
        position: str | None = self.state.single.get("position")
        return position

    def start(self, entry: str) -> None:
        """Start a new rule: entries after this one count."""
        self.state.single["position"] = entry

    def take(self, entry: Entry, event: Event, now: Millis) -> Alert | None:
        """Take in the next entry of the log. Returns its alert, if there is one."""
        self.state.single["position"] = entry.entry
        if self.rule.shares:
            self._recount |= self._book.take(event)
            return None
        followed = self.state.followed
        before = followed.get(event.id)
        if before is not None and event.revision <= before.revision:
            return None
        if self.rule.limits and (event.id in self.state.chains or self._selection.matches(event)):
            time_left.watch(self.state.chains, entry.entry, event)  # also a retraction of what was not told
        known = before if before is not None and before.told else None
        warned = (chain := self.state.chains.get(event.id)) is not None and chain.ever_told
        if event.status is Status.RETRACTED and before is not None:
            warned |= before.unsure
        if known is None and not warned and not self._selection.matches(event):
            return None
        found = revisions(known, event, warned)
        if not found:
            return None
        followed[event.id] = follow(before, event, entry_key(entry.entry)[0])
        kind = next((kind for kind in found if kind in self.rule.reported), None)
        if kind is None:
            return None
        limits_only = bool(self.rule.limits) and self.rule.revisions is None
        if limits_only and not warned:  # then the rule reports retractions, of what it told
            return None
        vessels, place = subject(event)
        alert = Alert(
            entry=entry.entry,
            event=event.id,
            revision=event.revision,
            kind=Kind(kind),
            type=event.type,
            level=event.level,
            status=event.status,
            detected=event.detected,
            score=event.score,
            heading=event_text.heading(event),
            summary=sanitize(event.summary)[:SUMMARY],
            since=now,
            vessels=vessels,
            place=place,
            before=before,
            first=known is None,
        )
        self.state.waiting[alert.id] = alert
        return alert

    def know(self, entry: str, event: Event) -> None:
        """Take in an event of one of the `known_types` from before the rule began, as it stands."""
        if self.rule.shares:
            self._recount |= self._book.take(event)
        elif event.status is Status.OPEN and self._selection.matches(event):
            time_left.watch(self.state.chains, entry, event)

    def pass_limits(
        self, time: Millis, now: Millis, withheld: Callable[[Alert], object] = lambda _: False
    ) -> list[Alert]:
        """The alerts that are due at this event time. All entries of the log must be taken in before.

        A time left that is withheld stays due, and so is told once it no longer is."""
        state, alerts = self.state, list[Alert]()
        if self.rule.limits:
            found = time_left.due(state.chains, self.rule.limits, time, now)
            alerts += [alert for alert in found if not withheld(alert)]
            for alert in alerts:
                time_left.tell(state.chains, alert)
        if self.rule.shares and self._recount:
            alerts += cap_share.found(
                self._book, state.told, self.rule, self._ledger, self.position or BEFORE_ALL, time, now
            )
            self._recount = False
        for alert in alerts:
            state.waiting[alert.id] = alert
        return alerts

    def missed(self, first: str, now: Millis) -> None:
        """The log has lost entries after our position: go on before `first`, and send a message about it."""
        position = self.position or BEFORE_ALL
        gap = f"gap:{position}"
        self.state.parcels[gap] = PendingMessage(gap, (), now, now, gap=(position, first))
        time, number = entry_key(first)
        self.state.single["position"] = f"{time}-{number - 1}" if number else f"{time - 1}-{2**64 - 1}"

    def next(self, now: Millis, back: Collection[str] = ()) -> PendingMessage | Millis | None:
        """The message to send now, or when to ask again; None if only a new entry can change that.

        Alerts with an id in `back`, and messages that have no others, stay where they are."""
        state, limit = self.state, self.rule.max_per_hour
        quiet_until = self.rule.quiet.until(now) if self.rule.quiet else None
        window = [time for time in state.single.get("window", ()) if time > now - HOUR]
        full_until = window[0] + HOUR if limit is not None and len(window) >= limit else None

        may = [
            alert
            for id, alert in state.waiting.items()
            if id not in back and (quiet_until is None or self._breaks(alert))
        ]
        parcels = [one for one in state.parcels.values() if not (back and _all_in(one, back))]
        again = [
            parcel
            for parcel in parcels
            if quiet_until is None or (parcel.alerts and all(map(self._breaks, parcel.alerts)))
        ]
        if quiet_until is not None:
            self._hold(Held.QUIET, (alert for alert in state.waiting.values() if not self._breaks(alert)))
        if full_until is not None:
            self._hold(Held.LIMIT, may)
            wake = [full_until] if may or again else []
        else:
            first = min(again, key=lambda parcel: parcel.due, default=None)
            if may and len(parcels) < REFUSED and (first is None or may[0].since < first.due):
                return self._make(may, now)
            if first is not None and first.due <= now:
                return first
            wake = [first.due] if first else []
        if quiet_until is not None and (len(may), len(again)) != (len(state.waiting), len(parcels)):
            wake.append(quiet_until)
        return min(wake, default=None)

    def delivered(self, parcel: PendingMessage, now: Millis) -> None:
        del self.state.parcels[parcel.id]
        for alert in parcel.alerts:
            followed = self.state.followed.get(alert.event)
            if followed is not None and alert.time_left is None and not followed.sent:
                self.state.followed[alert.event] = msgspec.structs.replace(followed, told=True, sent=True)
        if self.rule.max_per_hour is not None:
            window = [time for time in self.state.single.get("window", ()) if time > now - HOUR]
            self.state.single["window"] = [*window, now]

    def try_out(self, parcel: PendingMessage) -> PendingMessage:
        """To be saved before it is handed over: from then on the receiver may have it."""
        if not parcel.tried:
            parcel = self.state.parcels[parcel.id] = msgspec.structs.replace(parcel, tried=True)
        return parcel

    def surely_not_taken(self, parcel: PendingMessage) -> PendingMessage:
        """The receiver said that it has not taken it, nor did it before."""
        parcel = self.state.parcels[parcel.id] = msgspec.structs.replace(parcel, tried=False)
        return parcel

    def refused(self, parcel: PendingMessage, due: Millis) -> PendingMessage:
        """The receiver refused it for now: try again at that time, after others."""
        again = msgspec.structs.replace(parcel, due=due, refusals=parcel.refusals + 1)
        self.state.parcels[parcel.id] = again
        return again

    def give_up(self, parcel: PendingMessage) -> None:
        del self.state.parcels[parcel.id]

    def overflow(self) -> list[Alert]:
        """Remove the oldest alerts beyond the number that may wait."""
        waiting = self.state.waiting
        gone = list(itertools.islice(waiting.values(), max(0, len(waiting) - WAITING)))
        for alert in gone:
            del waiting[alert.id]
        return gone

    def unsent(self) -> dict[str, Alert]:
        """The alerts that wait, and those of messages that no receiver has confirmed."""
        made = {one.id: one for parcel in self.state.parcels.values() for one in parcel.alerts}
        return {**made, **self.state.waiting}

    def tried(self) -> set[str]:
        """The alerts of messages that a receiver may have."""
        parcels = self.state.parcels.values()
        return {alert.id for parcel in parcels if parcel.tried for alert in parcel.alerts}

    def drop(self, ids: Collection[str]) -> list[Alert]:
        """Drop these alerts, and messages that have no others; a digest that has others stays as it was made.

        Returns the alerts that are gone. They count as not told."""
        state, tried = self.state, self.tried()
        gone = [alert for id, alert in state.waiting.items() if id in ids]
        for alert in gone:
            del state.waiting[alert.id]
        for parcel in [one for one in state.parcels.values() if _all_in(one, ids)]:
            gone += parcel.alerts
            del state.parcels[parcel.id]
        for alert in sorted(gone, key=lambda alert: alert.revision, reverse=True):
            if alert.time_left is not None:
                time_left.take_back(state.chains, alert, alert.id in tried)
            elif (followed := state.followed.get(alert.event)) is not None:
                state.followed[alert.event] = take_back(followed, alert.before, alert.id in tried)
        return gone

    def take_held(self) -> int:
        """How many alerts have begun to wait since the last call."""
        held, self._held = self._held, 0
        return held

    def forget(self, now: Millis) -> None:
        """Forget events without a revision for a long time."""
        old = [event for event, known in self.state.followed.items() if known.time < now - FOLLOWED]
        for event in old:
            del self.state.followed[event]

    def _make(self, may: list[Alert], now: Millis) -> PendingMessage:
        """A message of alerts that may be sent: all that were held, in a digest, or else the first."""
        held = [alert for alert in may if alert.held][:DIGEST]
        alerts = tuple(held or may[:1])
        if len(alerts) == 1:
            name = alerts[0].id
        else:
            ids = "|".join(alert.id for alert in alerts)
            name = f"digest:{hashlib.blake2b(ids.encode(), digest_size=12).hexdigest()}"
        parcel = PendingMessage(name, alerts, now, min(alert.since for alert in alerts))
        for alert in alerts:
            del self.state.waiting[alert.id]
        self.state.parcels[name] = parcel
        return parcel

    def _hold(self, why: Held, alerts: Iterable[Alert]) -> None:
        for alert in [alert for alert in alerts if alert.held is None]:
            self._held += 1
            self.state.waiting[alert.id] = msgspec.structs.replace(alert, held=why)

    def _breaks(self, alert: Alert) -> bool:
        """Whether it is sent in quiet hours, too."""
        quiet = self.rule.quiet
        return quiet is None or (quiet.probable_breaks_through and alert.level is Level.PROBABLE)


def _all_in(parcel: PendingMessage, ids: Collection[str]) -> bool:
    """Whether it is about these alerts only."""
    return bool(parcel.alerts) and all(alert.id in ids for alert in parcel.alerts)
