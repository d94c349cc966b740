"""The process of alerts, as the command starts it: a delivery for each rule, and a watch on the log."""

import asyncio
import signal
from collections.abc import Sequence
from contextlib import suppress
from functools import partial
from typing import Final

from streams.alerts.channel import Channel
from streams.alerts.delivery import Delivery
from streams.alerts.rules import Rules
from streams.alerts.state_store import RuleStore
from streams.deployment.config import Deployment
from streams.ledger.settings import LedgerSettings
from streams.runtime import exit_codes, logs, metrics
from streams.runtime.fencing import Fenced
from streams.runtime.logs import get_logger
from streams.runtime.redis_client import connect
from streams.runtime.retry import REDIS_AWAY, retry_until_available
from streams.runtime.tasks import end
from streams.store.event_log import BEFORE_ALL, Entry, EventLog

log = get_logger(__name__)
GRACE: Final = 15.0
"""Seconds that current messages have when the process is to end."""


def run(
    deployment: Deployment,
    rules: Rules,
    channels: Sequence[Channel],
    metrics_port: int,
    ledger: LedgerSettings,
) -> int:
    """Run until a signal ends it. Returns the exit code."""
    logs.configure()
    metrics.serve(metrics_port)
    code = 0
    try:
        asyncio.run(_run(deployment, rules, channels, ledger))
    except* Fenced as errors:
        log.critical("ends", reason=str(errors.exceptions[0]), code=exit_codes.FENCED)
        code = exit_codes.FENCED
    else:
        log.info("alerts_stopped")
    return code


async def _run(
    deployment: Deployment, rules: Rules, channels: Sequence[Channel], ledger: LedgerSettings
) -> None:
    client = connect(deployment.redis)
    events = EventLog(client, deployment.prefix)
    deliveries = [
        Delivery(
            rule, events, RuleStore(client, deployment.prefix, rule.name), channel, deployment.redis,
            ledger=ledger,
        )
        for rule, channel in zip(rules.rules, channels, strict=True)
    ]  # fmt: skip

    loop, halt = asyncio.get_running_loop(), asyncio.Event()
    tasks = [asyncio.create_task(delivery.run()) for delivery in deliveries]
    beside = [
        asyncio.create_task(watch(events, deliveries, deployment.redis)),
        asyncio.create_task(halt.wait()),
    ]
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, halt.set)
    log.info("alerts_started", rules=",".join(rule.name for rule in rules.rules))
    try:
        await asyncio.wait([*tasks, *beside], return_when=asyncio.FIRST_COMPLETED)
        if halt.is_set():
            for delivery in deliveries:
                delivery.stop()
            await asyncio.wait(tasks, timeout=GRACE)
    finally:
        await end(*tasks, *beside)
        with suppress(*REDIS_AWAY):
            await client.aclose()
    for task in (*tasks, *beside):
        if not task.cancelled():
            task.result()


async def watch(events: EventLog, deliveries: Sequence[Delivery], where: str) -> None:
    """Wake the deliveries when something new is in the log."""

    async def end() -> str:
        ends = await events.ends()
        return ends.last if ends else BEFORE_ALL

    last = await retry_until_available("Redis", where, end, REDIS_AWAY)
    while True:
        for delivery in deliveries:  # also at first: what came before `last` was known has woken nobody
            delivery.news.set()
        found: list[Entry] = []
        while not found:
            found = await retry_until_available("Redis", where, partial(events.wait, last, 1_000), REDIS_AWAY)
        last = found[-1].entry
