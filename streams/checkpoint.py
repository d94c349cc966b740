"""Checkpoints in Redis: a stage's state and the offset it has consumed, written as one.

For each partition of a stage one hash holds the state in pieces and, beside them, the offset; a second one a
token that is raised by whoever takes the partition over. A write goes through only under the latest token,
so a worker that was thought dead can't overwrite its successor's state.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import redis.asyncio as redis
from redis.exceptions import WatchError

OFFSET = b"offset"
Pieces = Mapping[str, bytes | None]
"""State by name of its piece; None where a piece is gone."""


class Fenced(Exception):
    """Another worker has taken the partition over."""


@dataclass(frozen=True, slots=True)
class Kept:
    """What was kept of a partition: the last offset consumed, -1 for none, and the state in pieces."""

    token: int
    offset: int
    pieces: dict[str, bytes]


class Checkpoints:
    """The checkpoints of one stage."""

    def __init__(self, client: "redis.Redis", stage: str) -> None:
        self._redis = client
        self._stage = stage

    async def take_over(self, partition: int) -> Kept:
        """Become the owner of a partition, and load what its last owner kept."""
        async with self._redis.pipeline(transaction=True) as pipe:
            pipe.incr(self._token(partition))
            pipe.hgetall(self._state(partition))
            token, fields = await pipe.execute()
        offset = int(fields.pop(OFFSET, -1))
        return Kept(token, offset, {name.decode(): value for name, value in fields.items()})

    async def save(self, partition: int, token: int, offset: int, changed: Pieces) -> None:
        """Write changed pieces and the offset, or nothing. Raises Fenced."""
        async with self._redis.pipeline(transaction=True) as pipe:
            while True:
                await pipe.watch(self._token(partition))
                if int(await pipe.get(self._token(partition)) or 0) != token:
                    raise Fenced(f"partition {partition} of {self._stage} belongs to another worker now")
                pipe.multi()  # type: ignore[no-untyped-call]
                kept: dict[Any, Any] = {name: value for name, value in changed.items() if value is not None}
                gone = [name for name, value in changed.items() if value is None]
                pipe.hset(self._state(partition), mapping=kept | {OFFSET: offset})
                if gone:
                    pipe.hdel(self._state(partition), *gone)
                try:
                    await pipe.execute()
                except WatchError:
                    continue  # the token moved while we wrote: look whose it is
                return

    def _state(self, partition: int) -> str:
        return f"{self._stage}:{partition}:state"

    def _token(self, partition: int) -> str:
        return f"{self._stage}:{partition}:token"
