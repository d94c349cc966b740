"""How far a deployment has come in event time, and whether a recording still lies ahead of that.

A deployment reads forward in time. Reports of a time that is worked off change nothing: a recording of that
time would be read without any event.
"""

from collections.abc import Mapping
from typing import Any

from models.errors import TankerwatchError
from models.time import Millis, to_text
from streams.deployment import heartbeat
from streams.runtime.redis_client import connect
from streams.runtime.refusals import reason
from streams.runtime.retry import REDIS_AWAY
from streams.runtime.secrecy import address_of


class BehindError(TankerwatchError):
    """Recordings lie behind what the deployment has worked off, or nobody can say how far it is."""


async def worked_off(url: str, prefix: str) -> Millis | None:
    """The last instant that the deployment has worked off, by its heartbeats in Redis; None for none.

    Raises BehindError where Redis can't be reached.
    """
    client: Any = connect(url, 5)
    try:
        heartbeats = await heartbeat.read(client, prefix)
    except REDIS_AWAY as error:
        raise BehindError(
            f"Redis at {address_of(url)} can't be reached ({reason(error)}), and it knows how far the "
            "deployment is; start it, or set TANKERWATCH_REDIS"
        ) from error
    finally:
        await client.aclose()
    return max((beat.done for beat in heartbeats.values() if beat.done is not None), default=None)


def check_ahead(starts: Mapping[str, Millis], done: Millis | None) -> None:
    """Raises BehindError with a sentence for each recording that starts before `done` or at it."""
    if done is None:
        return
    behind = [
        f"{name}: starts at {to_text(start)}, but this deployment has worked off everything up to "
        f"{to_text(done)} and would ignore it; publish it to a deployment with a prefix of its own "
        "(TANKERWATCH_PREFIX), rebuild this one (`tankerwatch worker --rebuild-from`), or move the times "
        "with --shift-to-now"
        for name, start in starts.items()
        if start <= done
    ]
    if behind:
        raise BehindError(*behind)
