"""Checkpoints in Redis: a stage's state and the offset it has consumed, written as one.

For each partition of a stage one hash holds the state in pieces and, beside them, the offset; a second key
names the owner. A write goes through only for the latest owner, so a worker that was thought dead can't
overwrite its successor's state, and only onto the checkpoint that it adds to: since what is written is what
changed, a Redis that came back without its last second would else be left with a mixture.
"""

import os
import secrets
import socket
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

import redis.asyncio as redis
from redis.exceptions import WatchError

from models.errors import TankerwatchError

OFFSET = b"offset"
NOTHING = -1
"""The offset of a partition of which nothing is kept."""
FIELDS = 1_000
"""Pieces in one command: five times as fast as one each."""
Pieces = Mapping[str, bytes | None]
"""State by name of its piece; None where a piece is gone."""


class Fenced(TankerwatchError):
    """Another worker has taken the partition over, or the checkpoint is not the one that was written last."""


@dataclass(frozen=True, slots=True)
class Kept:
    """What was kept of a partition: the last offset consumed, -1 for none, and the state in pieces."""

    token: str
    offset: int
    pieces: dict[str, bytes]


class Checkpoints:
    """The checkpoints of one stage."""

    def __init__(self, client: "redis.Redis", stage: str) -> None:
        self._redis = client
        self._stage = stage

    async def take_over(self, partition: int) -> Kept:
        """Become the owner of a partition, and load what its last owner kept."""
        # random rather than a counter: a Redis that was set back would give a number twice
        token = f"{socket.gethostname()}/{os.getpid()}/{secrets.token_hex(8)}"
        async with self._redis.pipeline(transaction=True) as pipe:
            pipe.set(self._token(partition), token)
            pipe.hgetall(self._state(partition))
            _, fields = await pipe.execute()
        offset = int(fields.pop(OFFSET, NOTHING))
        return Kept(token, offset, {name.decode(): value for name, value in fields.items()})

    async def save(
        self, partition: int, token: str, onto: Collection[int], offset: int, changed: Pieces
    ) -> None:
        """Write changed pieces and the offset, or nothing. Raises Fenced.

        `onto` are the offsets of checkpoints that these pieces can be added to.
        """
        state, owner = self._state(partition), self._token(partition)
        kept: list[tuple[Any, Any]] = [(name, value) for name, value in changed.items() if value is not None]
        gone = [name for name, value in changed.items() if value is None]
        async with self._redis.pipeline(transaction=True) as pipe:
            while True:
                await pipe.watch(owner, state)
                self._check(partition, token, onto, await pipe.get(owner), await pipe.hget(state, "offset"))
                pipe.multi()  # type: ignore[no-untyped-call]
                for at in range(0, len(kept), FIELDS):
                    pipe.hset(state, mapping=dict(kept[at : at + FIELDS]))
                pipe.hset(state, OFFSET, offset)
                if gone:
                    pipe.hdel(state, *gone)
                try:
                    await pipe.execute()
                except WatchError:
                    continue  # something moved while we wrote: look again whose it is
                return

    async def verify(self, partition: int, token: str, onto: Collection[int]) -> None:
        """Look whether the partition is still ours and its checkpoint still there. Raises Fenced."""
        async with self._redis.pipeline(transaction=True) as pipe:
            pipe.get(self._token(partition))
            pipe.hget(self._state(partition), "offset")
            owner, stored = await pipe.execute()
        self._check(partition, token, onto, owner, stored)

    def _check(self, partition: int, token: str, onto: Collection[int], owner: Any, stored: Any) -> None:
        if owner is None or owner.decode() != token:
            raise Fenced(f"partition {partition} of {self._stage} belongs to another worker now")
        at = NOTHING if stored is None else int(stored)
        if at not in onto:
            raise Fenced(
                f"the checkpoint of partition {partition} of {self._stage} is at offset {at}, "
                f"not at {max(onto)}: Redis was set back"
            )

    def _state(self, partition: int) -> str:
        return f"{self._stage}:{partition}:state"

    def _token(self, partition: int) -> str:
        return f"{self._stage}:{partition}:token"
