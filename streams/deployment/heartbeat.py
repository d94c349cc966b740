"""The pulse: what each process tells of itself every few seconds, for `tankerwatch status`.

A hash in Redis, `{prefix}tankerwatch:pulse`, with a field for every partition of a stage that a worker has in
hand (`decoder:0`) and one for the sink. It is told beside the checkpoints and decides nothing.
"""

from typing import Any, Final

import msgspec

from models.time import Millis

EVERY: Final = 2.0
"""Seconds between two."""


class Heartbeat(msgspec.Struct, frozen=True, kw_only=True):
    who: str  # host and process
    time: float  # when it was told, seconds since 1970
    offset: int  # the last one applied, whether in a checkpoint already or not
    saved: float  # when the last checkpoint was written, or found to have everything
    watermark: Millis | None = None  # how far event time has come; None where no time is known yet
    lag: dict[str, int] = {}  # the sink's: messages behind, by topic


def key(prefix: str) -> str:
    return f"{prefix}tankerwatch:pulse"


async def tell(client: Any, prefix: str, pulses: dict[str, Heartbeat]) -> None:
    if pulses:
        fields = {name: msgspec.json.encode(pulse) for name, pulse in pulses.items()}
        await client.hset(key(prefix), mapping=fields)


async def heard(client: Any, prefix: str) -> dict[str, Heartbeat]:
    fields = await client.hgetall(key(prefix))
    return {name.decode(): msgspec.json.decode(value, type=Heartbeat) for name, value in fields.items()}
