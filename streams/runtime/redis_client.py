"""The one maker of Redis clients."""

from typing import Any, ClassVar

import redis.asyncio as redis
from redis.asyncio.connection import DefaultParser

from models.errors import InputError
from streams.runtime.authorities import trusting
from streams.runtime.environment import PREFIX, Variables, load
from streams.runtime.refusals import CannotKeep
from streams.runtime.secrecy import hide, keep, password_in

SECONDS = 30.0
"""Seconds that Redis has to answer. Reads that wait for a new entry must wait for less."""

_Parser: Any = type(
    "_Parser",
    (DefaultParser,),
    {
        "EXCEPTION_CLASSES": DefaultParser.EXCEPTION_CLASSES
        | dict.fromkeys(("MISCONF", "NOREPLICAS"), CannotKeep)
    },
)
"""Reads replies as redis-py does, but tells these two errors from others."""


class RedisAddressError(InputError):
    """An address of Redis that can't be used; the text says why."""


class RedisSecurity(Variables, frozen=True):
    """What clients of Redis connect with; in the address, it would be said more easily."""

    PREFIX: ClassVar[str] = f"{PREFIX}REDIS_"

    user: str = ""
    """The user of Redis (ACL); empty for the default user."""
    password: str = ""
    """The password of that user. Better in a file, which TANKERWATCH_REDIS_PASSWORD_FILE names."""
    ca: str = ""
    """PEM file of the authorities that may have signed Redis's certificate, for an address rediss://…; empty
    for those of the system."""


def connect(url: str, seconds: float = SECONDS) -> "redis.Redis":
    """A client that gives up at the first fault, or after so many seconds without an answer.

    It does not retry by itself. A write whose answer was lost may have gone through, and only the caller can
    find out; see `streams.runtime.retry.retry_until_available`. A connection that was idle for ten seconds
    is tried out before it is used, because Redis may have been restarted meanwhile. Raises RedisAddressError,
    and VariableError.
    """
    keep(password_in(url) or "")
    more: dict[str, Any] = {}
    security = load(RedisSecurity)
    if security.ca and url.startswith("rediss://"):
        trusting(security.ca, f"{security.PREFIX}CA")
        more["ssl_ca_certs"] = security.ca
    if security.user:
        more["username"] = security.user
    if security.password:
        more["password"] = security.password
        keep(security.password)
    try:
        return redis.from_url(
            url,
            **more,
            parser_class=_Parser,
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
