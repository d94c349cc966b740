"""Waits for Kafka or Redis while they are away: one message in the log, and attempts until they are back."""

import time
from collections.abc import Awaitable, Callable
from typing import Final, TypeVar

import stamina
import stamina.instrumentation
from aiokafka.errors import KafkaError
from redis.exceptions import (
    BusyLoadingError,
    InvalidResponse,
    MasterDownError,
    NoPermissionError,
    OutOfMemoryError,
    ReadOnlyError,
    WatchError,
)
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import TimeoutError as RedisTimeoutError

from streams.runtime.logs import RateLimit, get_logger
from streams.runtime.refusals import FORBIDDEN, reason, remedy
from streams.runtime.secrecy import address_of

log = get_logger(__name__)
T = TypeVar("T")

REDIS_AWAY: Final = (
    RedisConnectionError,
    RedisTimeoutError,
    BusyLoadingError,
    ReadOnlyError,
    MasterDownError,
    OutOfMemoryError,
    InvalidResponse,  # until the right one answers
    NoPermissionError,  # until somebody gives the user its rights
    WatchError,  # what redis-py makes of a connection that breaks between WATCH and EXEC
    OSError,
)
KAFKA_AWAY: Final = (KafkaError, OSError)

stamina.instrumentation.set_on_retry_hooks(())  # we log ourselves: once for each service, not each attempt
ENDLESS: Final = stamina.AsyncRetryingCaller(
    attempts=None, timeout=None, wait_initial=0.25, wait_max=10.0, wait_jitter=0.25
)


async def retry_until_available(
    service: str, where: str, attempt: Callable[[], Awaitable[T]], away: tuple[type[Exception], ...]
) -> T:
    """Await `attempt` again and again while it raises one of `away`, and return its result.

    The log says at once, and then every minute, that the service is away, and once that it is back. `where`
    is the address of the service. A right that is missing may be given, so it is waited for, too. Raises any
    other exception of `attempt`, and errors of Kafka for which a retry is no use.
    """

    def is_away(error: Exception) -> bool:
        if not isinstance(error, away):
            return False
        if getattr(error, "retriable", True) is False and not isinstance(error, FORBIDDEN):
            return False
        note_absence(service, where, error)
        return True

    result = await ENDLESS(is_away, attempt)
    note_return(service, where)
    return result


class _Absence:
    """A service that has been away since `since`, and was so last at `noted`, by the monotonic clock."""

    def __init__(self) -> None:
        self.since = self.noted = time.monotonic()
        self.may_log = RateLimit()


_absent: dict[tuple[str, str], _Absence] = {}
"""By service and address. Several parts of a process wait for the same service, and one of them logs it."""


def note_absence(service: str, where: str, error: Exception) -> None:
    """Log that the service at this address is away, at once and then every minute."""
    where = address_of(where)
    absence = _absent.setdefault((service, where), _Absence())
    absence.noted = time.monotonic()
    if absence.may_log():
        log.error(
            "waiting", service=service, at=where, reason=reason(error),
            seconds=round(time.monotonic() - absence.since),
            remedy=remedy(service, error),
        )  # fmt: skip


def note_return(service: str, where: str, after: float = 0.0) -> None:
    """Log that it is back, if it was away, and was not for so many seconds."""
    where = address_of(where)
    gone = _absent.get((service, where))
    if gone is not None and time.monotonic() - gone.noted >= after:
        del _absent[service, where]
        log.warning("back", service=service, at=where, seconds=round(time.monotonic() - gone.since))
