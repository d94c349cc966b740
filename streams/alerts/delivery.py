"""The delivery of a rule: reads the log, asks the schedule what to send, sends it, and saves the outcome.

A message is saved before it is sent, as one that the receiver may have, and removed once the receiver has
confirmed it. So after a crash it is sent again under the same id, and nothing else is; if it is dropped in
between, the event counts as not told, and a retraction of it is sent all the same: better twice than never.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from functools import partial
from typing import Final, TypeVar

from models.event import EventType, from_json
from models.silence import Act, AuditLine
from models.time import DAY, HOUR, Millis, to_text
from streams.alerts.alert import Kind
from streams.alerts.channel import Channel, Outcome, Result
from streams.alerts.message import message_of
from streams.alerts.rules import Rule
from streams.alerts.schedule import FACTORS, PendingMessage, Schedule, State
from streams.alerts.state_store import Dead, RuleStore
from streams.alerts.withholding import Withholding
from streams.ledger.settings import LedgerSettings
from streams.runtime import metrics
from streams.runtime.backoff import Backoff, Delays, wait_after
from streams.runtime.fencing import SetBack
from streams.runtime.logs import get_logger
from streams.runtime.retry import REDIS_AWAY, retry_until_available
from streams.store.event_log import BEFORE_ALL, EventLog, entry_key

log = get_logger(__name__)
T = TypeVar("T")
BATCH: Final = 100
GIVE_UP: Final = DAY
"""How long a message is tried again that its receiver refuses for now."""
AWAY: Final = Delays(1.0, 300.0)
REFUSED: Final = Delays(5.0, 3_600.0)
MAYBE: Final = "it may have been sent; not sent again"
"""What the audit says of an alert that is dropped although its receiver may have it: no answer came, or none
that tells, or this process ended between saving that it is sent and hearing of it. The event counts as not
told, but a retraction of it is sent."""
LOOK: Final = 60.0
"""Seconds after which the log is read even without a signal that something is new."""


def clock() -> Millis:
    return int(time.time() * 1000)


class Delivery:
    def __init__(
        self,
        rule: Rule,
        events: EventLog,
        store: RuleStore,
        channel: Channel,
        where: str,
        now: Callable[[], Millis] = clock,
        away: Delays = AWAY,
        refused: Delays = REFUSED,
        ledger: LedgerSettings = FACTORS,
    ) -> None:
        self.rule = rule
        self.news = asyncio.Event()
        """Set when there may be something new in the log."""
        self._log, self._store, self._channel, self._where = events, store, channel, where
        self._now, self._away, self._refused = now, Backoff(away), refused
        self._ledger = ledger
        self._pause = 0.0  # the receiver gets nothing until then, by the monotonic clock
        self._audit: list[AuditLine] = []  # for the next commit
        self._stopping = False

    def stop(self) -> None:
        """Finish the current message, and end."""
        self._stopping = True
        self.news.set()

    async def run(self) -> None:
        """Run until stopped. Raises Fenced."""
        self._schedule = self._made(await self._patiently(self._store.open))
        self._withholding = Withholding(self._log)
        swept = self._now()
        while not self._stopping:
            try:
                await self._step()
                if self._now() - swept > HOUR:
                    self._schedule.forget(self._now())
                    swept = self._now()
            except SetBack as error:
                log.warning("set_back", rule=self.rule.name, reason=str(error))
                self._schedule = self._made(await self._patiently(self._store.reopen))
                self._withholding, self._audit = Withholding(self._log), []

    def _made(self, state: State) -> Schedule:
        return Schedule(self.rule, state, self._ledger)

    async def _step(self) -> None:
        """Take in what is new; send a message, or wait."""
        self.news.clear()
        await self._read()
        if "disabled" in self._schedule.state.single:
            await self._commit()
            await self._wait_for_consent()
            return
        if self._unread:
            await self._commit()
            return
        await self._look_at_limits()
        back = await self._withhold()
        pause = self._pause - time.monotonic()
        found = self._schedule.next(self._now(), back) if pause <= 0 else None
        state, name = self._schedule.state, self.rule.name
        metrics.ALERTS_WAITING.labels(name).set(len(state.waiting) + len(state.parcels))
        metrics.ALERTS.labels(name, "held").inc(self._schedule.take_held())
        if isinstance(found, PendingMessage):
            parcel = self._schedule.try_out(found)
            await self._commit()
            await self._hand_over(parcel, found.tried)
            return
        await self._commit()
        seconds = LOOK if found is None else min(LOOK, max(0.0, (found - self._now()) / 1000))
        await self._wait(min(seconds, pause) if pause > 0 else seconds)

    async def _read(self) -> None:
        """Take in the next entries of the log."""
        schedule, single = self._schedule, self._schedule.state.single
        if schedule.position is None:
            ends = await self._patiently(self._log.ends)
            schedule.start(ends.last if ends else BEFORE_ALL)
            single["read"] = ends.added if ends else await self._patiently(self._log.added)
            await self._learn()
        position = schedule.position or BEFORE_ALL
        entries = await self._patiently(partial(self._log.since, position, BATCH))
        self._unread = len(entries) == BATCH
        ends = await self._patiently(self._log.ends)
        read = single["read"]  # the number of entries ever added up to our position
        if ends and entry_key(ends.first) > entry_key(position) and ends.dropped > read:
            log.error("missed", rule=self.rule.name, after=position, before=ends.first,
                remedy="the log no longer has these entries: keep more of it (TANKERWATCH_KEEP_LOG_…)",
            )  # fmt: skip
            schedule.missed(ends.first, self._now())
            self._withholding = Withholding(self._log)  # revisions of dismissed chains may be among them
            single["read"] = ends.dropped
            self._unread = True
            await self._learn()
            return
        for entry in entries:
            try:
                event = from_json(entry.json)
                schedule.take(entry, event, self._now())
                self._withholding.take(event)
            except ValueError as error:
                log.error("left_out", rule=self.rule.name, entry=entry.entry, reason=str(error))
                schedule.start(entry.entry)
        if entries:
            single["read"] = read + len(entries)

    async def _learn(self) -> None:
        """Take in what is kept of events that the rule has to know although it has not read of them."""
        for type in self._schedule.known_types:
            for json in await self._patiently(partial(self._log.latest_of_type, type)):
                await self._know(json)

    async def _know(self, json: bytes) -> None:
        """Take in an event as it stands; left out if another version wrote it, or the log has cut it off."""
        try:
            event = from_json(json)
        except ValueError as error:
            log.error("left_out", rule=self.rule.name, entry="kept", reason=str(error))
            return
        if event.type is not EventType.CHAIN:  # no message quotes it
            self._schedule.know(BEFORE_ALL, event)
            return
        revisions = await self._patiently(partial(self._log.revisions, event.id))
        entry = next((one.entry for one in revisions if one.revision == event.revision), BEFORE_ALL)
        self._schedule.know(entry, event)

    async def _look_at_limits(self) -> None:
        """Make the alerts that are due because event time went on, or because the ledger grew."""
        if not self._schedule.known_types:
            return
        newest = await self._patiently(self._log.newest)
        if newest is not None:
            now = self._now()
            if self.rule.limits:
                await self._patiently(partial(self._withholding.read, now))
            self._schedule.pass_limits(newest, now, self._withholding.verdict)

    async def _withhold(self) -> set[str]:
        """Drop what people have dismissed or silenced; saved with its lines of the audit by the next commit.

        Returns the ids of alerts that have to wait until a silence is over that began after them."""
        alerts = self._schedule.unsent()
        if not alerts:
            return set()
        name, now = self.rule.name, self._now()
        await self._patiently(partial(self._withholding.read, now))
        verdicts = self._withholding.verdicts(alerts)
        reasons = {id: one.reason for id, one in verdicts.items() if not one.waits}
        if reasons:
            taken_back = {alerts[id].event: id for id in reasons if alerts[id].kind is Kind.RETRACTED}
            for id, one in alerts.items():  # or it would be told as if it still stood
                if one.event in taken_back:
                    reasons.setdefault(id, f"its retraction is not: {reasons[taken_back[one.event]]}")
            await self._commit()  # a restart after the silence has to find that they were read in it
            tried = self._schedule.tried()
            gone = self._schedule.drop(reasons)
            self._audit += [
                AuditLine(
                    time=to_text(now), by=f"rule {name}", act=Act.WITHHELD, about=one.id,
                    text=f"{MAYBE if one.id in tried else 'not sent'}: {reasons[one.id]}",
                )
                for one in gone
                if one.id in tried or not one.repeats
            ]  # fmt: skip
            metrics.ALERTS.labels(name, "withheld").inc(len(gone))
        return {id for id, one in verdicts.items() if one.waits and id not in reasons}

    async def _hand_over(self, parcel: PendingMessage, before: bool) -> None:
        """`before`: whether the receiver may have it from an earlier attempt."""
        json = await self._json(parcel)
        try:
            outcome = await self._channel.send(message_of(parcel, json))
        except Exception as error:  # a fault of ours must not end the other rules
            log.exception("channel_failed", rule=self.rule.name)
            outcome = Outcome(Result.REFUSED, f"{type(error).__name__}: {error}", unsure=True)
        now, name, schedule = self._now(), self.rule.name, self._schedule
        dead: tuple[Dead, ...] = ()
        fields = {"rule": name, "id": parcel.id, "reason": outcome.reason}
        given_up = outcome.result is Result.REFUSED and now - parcel.made > GIVE_UP
        if outcome.result is Result.DELIVERED:
            self._away.reset()
            schedule.delivered(parcel, now)
            schedule.state.single["last"] = {"time": now, "id": parcel.id}
            schedule.state.single.discard("failing")
            log.info("delivered", **fields)
        elif outcome.result is Result.NEVER or given_up:
            schedule.give_up(parcel)
            dead = (Dead(name, outcome.reason, parcel, json),)
            log.error("dead", **fields, remedy="see `tankerwatch alerts dead`")
        elif outcome.result is Result.GONE:
            if not (before or outcome.unsure):
                schedule.surely_not_taken(parcel)
            schedule.state.single["disabled"] = {"time": now, "reason": outcome.reason}
            log.error("disabled", **fields, remedy="see `tankerwatch alerts enable`")
        else:
            if not (before or outcome.unsure):
                parcel = schedule.surely_not_taken(parcel)
            if outcome.result is Result.AWAY:
                wait = max(self._away.next(), outcome.wait or 0.0)
                self._pause = time.monotonic() + wait
            else:
                self._away.reset()
                wait = max(wait_after(parcel.refusals + 1, self._refused), outcome.wait or 0.0)
                parcel = schedule.refused(parcel, now + int(wait * 1000))
            schedule.state.single["failing"] = {"time": now, "reason": outcome.reason}
            log.warning("retried", **fields, next_in=wait)
        counted = {Result.NEVER: "dead", Result.GONE: "disabled", Result.DELIVERED: "delivered"}
        metrics.ALERTS.labels(name, "dead" if given_up else counted.get(outcome.result, "retried")).inc()
        await self._commit(dead)

    async def _json(self, parcel: PendingMessage) -> bytes:
        """The event of a message about one event; empty if the log does not have it any more."""
        if len(parcel.alerts) != 1:
            return b""
        alert = parcel.alerts[0]
        if alert.cap_share is not None:
            return b""
        entry = await self._patiently(partial(self._log.at, alert.entry))
        if entry is None and alert.time_left is not None:  # a chain may stay as it is for months
            return await self._patiently(partial(self._log.latest, alert.event)) or b""
        return b"" if entry is None else entry.json

    async def _wait_for_consent(self) -> None:
        """A receiver that wants no more messages gets none until someone enables the rule again."""
        await self._wait(5.0)
        if not await self._patiently(self._store.disabled):
            self._schedule.state.single.forget("disabled")

    async def _wait(self, seconds: float) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self.news.wait()

    async def _commit(self, dead: tuple[Dead, ...] = ()) -> None:
        name = self.rule.name
        for alert in self._schedule.overflow():
            log.error("dead", rule=name, id=alert.id, reason="too many are waiting")
            parcel = PendingMessage(alert.id, (alert,), self._now(), alert.since)
            dead = (*dead, Dead(name, "too many were waiting", parcel))
            metrics.ALERTS.labels(name, "dead").inc()
        changed, lines, self._audit = self._schedule.state.changed(), self._audit, []
        if changed or dead or lines:
            await self._patiently(partial(self._store.commit, changed, dead, lines))
        for line in lines:
            log.info("withheld", rule=name, id=line.about, reason=line.text)

    async def _patiently(self, attempt: Callable[[], Awaitable[T]]) -> T:
        return await retry_until_available("Redis", self._where, attempt, REDIS_AWAY)
