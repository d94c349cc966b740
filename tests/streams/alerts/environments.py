"""A log of its own in a Redis, deliveries from it, and what receivers got."""

import asyncio
import uuid
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import redis.asyncio as redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

from models.event import Event, to_json
from models.time import Millis
from streams.alerts import process
from streams.alerts.channel import Channel
from streams.alerts.channels.factory import channel_of
from streams.alerts.delivery import Delivery, clock
from streams.alerts.rule_status import standing
from streams.alerts.rules import Rule
from streams.alerts.state_store import (
    Dead,
    DeadLetters,
    RuleStore,
    key,
)
from streams.runtime.backoff import Delays
from streams.runtime.redis_client import connect
from streams.runtime.tasks import end
from streams.store.event_log import EventLog
from streams.store.event_log_writer import Batch, LogWriter, revision
from tests.streams.alerts.factories import rule
from tests.streams.alerts.fake_receivers import WebhookReceiver
from tests.streams.alerts.message_factories import SECRET
from tests.waiting import PATIENCE, eventually

SOON = Delays(0.05, 0.2)


def webhook_rule(receiver: WebhookReceiver, name: str = "watch", **settings: Any) -> Rule:
    settings["webhook"] = {"url": receiver.url, "secret_env": "SECRET", "allow_private": True}
    return rule(name=name, **settings)


@dataclass
class AlertEnvironment:
    """A log of its own in a Redis, and deliveries from it."""

    url: str
    client: Any
    """The test's own, which connects again after a restart of Redis."""
    prefix: str
    log: EventLog
    ours: Any = None
    """A client like that of the process of alerts."""

    def __post_init__(self) -> None:
        self._writer = LogWriter(self.client, self.prefix)
        self._opened = False

    async def write(self, *events: Event) -> None:
        if not self._opened:
            await self._writer.take_over()
            self._opened = True
        await self._writer.write(Batch({}, revisions=[revision(to_json(one)) for one in events]))

    @asynccontextmanager
    async def deliveries(
        self, *rules: Rule, channels: Sequence[Channel] = (), now: Callable[[], Millis] = clock
    ) -> AsyncIterator[list[Delivery]]:
        made = list(channels) or [channel_of(one, "", {"SECRET": SECRET}) for one in rules]
        deliveries = [
            Delivery(
                one, self.log, RuleStore(self.ours, self.prefix, one.name), channel, self.url,
                now=now, away=SOON, refused=SOON,
            )
            for one, channel in zip(rules, made, strict=True)
        ]  # fmt: skip
        tasks = [asyncio.create_task(one.run()) for one in deliveries]
        watch = asyncio.create_task(process.watch(self.log, deliveries, self.url))
        try:
            for one in rules:
                await eventually(lambda one=one: self._started(one), "the rule to start")  # type: ignore[misc]
            yield deliveries
            for made_one in deliveries:
                made_one.stop()
            async with asyncio.timeout(PATIENCE):
                await asyncio.gather(*tasks)
        finally:
            await end(watch, *tasks)

    async def _started(self, one: Rule) -> bool:
        return bool(await self.client.hexists(key(self.prefix, one.name), "position"))

    async def rule_status(self, one: Rule) -> Any:
        return await standing(one, self.client, self.log, self.prefix)

    async def dead_letters(self) -> list[Dead]:
        return await DeadLetters(self.client, self.prefix).all()


@asynccontextmanager
async def alert_environment(url: str) -> AsyncIterator[AlertEnvironment]:
    client, ours = redis.from_url(url, retry=Retry(NoBackoff(), 3)), connect(url)
    prefix = f"t{uuid.uuid4().hex[:8]}."
    try:
        yield AlertEnvironment(url, client, prefix, EventLog(ours, prefix), ours)
    finally:
        await client.aclose()
        await ours.aclose()


def ids(receiver: WebhookReceiver) -> list[str]:
    return [request.headers["webhook-id"] for request in receiver.requests]


async def wait_for_requests(receiver: WebhookReceiver, count: int) -> None:
    async def enough() -> bool:
        return len(receiver.requests) >= count

    await eventually(enough, f"{count} requests, had {len(receiver.requests)}")
