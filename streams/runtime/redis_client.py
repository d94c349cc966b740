"""The one maker of Redis clients."""

import redis.asyncio as redis

from models.errors import InputError
from streams.runtime.secrecy import hide, keep, password_in

SECONDS = 30.0
"""Seconds that Redis has to answer. Reads that wait for a new entry must wait for less."""


class RedisAddressError(InputError):
    """An address of Redis that can't be used; the text says why."""


def connect(url: str, seconds: float = SECONDS) -> "redis.Redis":
    """A client that gives up at the first fault, or after so many seconds without an answer.

    It does not retry by itself. A write whose answer was lost may have gone through, and only the caller can
    find out; see `streams.runtime.retry.retry_until_available`. A connection that was idle for ten seconds
    is tried out before it is used, because Redis may have been restarted meanwhile. Raises RedisAddressError.
    """
    keep(password_in(url) or "")
    try:
        return redis.from_url(
            url,
            retry=None,
            socket_connect_timeout=min(5.0, seconds),
            socket_timeout=seconds,
            health_check_interval=10,
        )
    except (ValueError, TypeError, AttributeError) as error:
        raise RedisAddressError(
            f"{hide(url)} is no address of Redis ({hide(str(error))}); give redis://HOST:PORT/0, or "
            "rediss://HOST:PORT/0 for TLS, by TANKERWATCH_REDIS"
        ) from None
