"""The one maker of Redis clients."""

import redis.asyncio as redis

SECONDS = 30.0
"""Seconds that Redis has to answer. Reads that wait for a new entry must wait for less."""


def connect(url: str, seconds: float = SECONDS) -> "redis.Redis":
    """A client that gives up at the first fault, or after so many seconds without an answer.

    It does not retry by itself. A write whose answer was lost may have gone through, and only the caller can
    find out; see `streams.runtime.retry.retry_until_available`. A connection that was idle for ten seconds
    is tried out before it is used, because Redis may have been restarted meanwhile.
    """
    return redis.from_url(
        url,
        retry=None,
        socket_connect_timeout=min(5.0, seconds),
        socket_timeout=seconds,
        health_check_interval=10,
    )
