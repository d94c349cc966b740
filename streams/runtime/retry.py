"""Patience with services that are away: one clear message, then attempts until they are back."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final, TypeVar

from aiokafka.errors import KafkaError
from redis.exceptions import BusyLoadingError, ReadOnlyError, WatchError
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import TimeoutError as RedisTimeoutError

from streams.runtime.logs import say

log = logging.getLogger(__name__)
T = TypeVar("T")

REDIS_AWAY: Final = (
    RedisConnectionError,
    RedisTimeoutError,
    BusyLoadingError,
    ReadOnlyError,
    WatchError,  # what redis-py makes of a connection that breaks between WATCH and EXEC
    OSError,
)
KAFKA_AWAY: Final = (KafkaError, OSError)
FIRST_WAIT: Final = 0.25
LONGEST_WAIT: Final = 10.0
REMIND: Final = 60.0
"""Seconds after which it is said again that a service is still away."""


async def retry_until_available(
    service: str, where: str, attempt: Callable[[], Awaitable[T]], away: tuple[type[Exception], ...]
) -> T:
    """What `attempt` gives once it does not end with one of `away`."""
    where = where.rpartition("@")[2].rpartition("://")[2]  # without a password
    wait = FIRST_WAIT
    while True:
        try:
            result = await attempt()
        except away as error:
            if getattr(error, "retriable", True) is False:
                raise
            now = time.monotonic()
            absence = _absent.setdefault((service, where), _Absence(now))
            if now >= absence.remind:
                absence.remind = now + REMIND
                say(
                    log, logging.ERROR, "waiting", service=service, at=where, reason=reason(error),
                    seconds=round(now - absence.since),
                    remedy=f"start {service}, or correct TANKERWATCH_{_variable(service)}",
                )  # fmt: skip
            await asyncio.sleep(wait)
            wait = min(wait * 2, LONGEST_WAIT)
        else:
            if gone := _absent.pop((service, where), None):
                seconds = round(time.monotonic() - gone.since)
                say(log, logging.WARNING, "back", service=service, at=where, seconds=seconds)
            return result


@dataclass(slots=True)
class _Absence:
    since: float
    remind: float = 0.0


_absent: dict[tuple[str, str], _Absence] = {}
"""What is away: several parts of a process wait for the same service, and one of them says so."""


def reason(error: Exception) -> str:
    """In few words, without the internals that the client libraries put into their texts."""
    text = str(error)
    if "bootstrap" in text or "Connect call failed" in text or "Error 111" in text or "refused" in text:
        return "nobody answers there"
    return text.split(": ", 1)[-1] or type(error).__name__


def _variable(service: str) -> str:
    return "BROKER" if service == "Kafka" else service.upper()
