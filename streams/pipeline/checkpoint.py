"""Checkpoints in Redis: the state of a partition and the offset that it has consumed, written as one.

One hash for each partition of a stage holds the state in pieces and, beside them, the offset. A write goes
through only for the worker that took the partition over last, so a worker that was thought dead can't
overwrite the state of its successor. It goes through only onto the checkpoint that it adds to: what is
written is what has changed, so a Redis that came back without its last second would end up with a mixture.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from itertools import chain
from typing import Any

import redis.asyncio as redis

from streams.runtime.fencing import FencedHash, SetBack

OFFSET = b"offset"
NOTHING = -1
"""The offset of a partition that has no checkpoint."""
FIELDS = 4_000
"""Pieces in one command: some megabytes. The stage goes on between two commands."""
Pieces = Mapping[str, bytes | None]
"""State by name of its piece; None where a piece is gone."""


@dataclass(frozen=True, slots=True)
class StoredState:
    """What Redis holds for a partition: the last offset consumed, -1 for none, and the state in pieces."""

    offset: int
    pieces: dict[str, bytes]


class Checkpoint:
    """The checkpoint of one partition of a stage."""

    def __init__(self, client: "redis.Redis", prefix: str, stage: str, partition: int) -> None:
        self._name = f"partition {partition} of {stage}"
        self._hash = FencedHash(client, key(prefix, stage, partition), self._name)

    async def take_over(self) -> StoredState:
        """Become the owner of the partition, and load what its last owner saved."""
        fields = await self._hash.take_over()
        offset = int(fields.pop(OFFSET, NOTHING))
        return StoredState(offset, {name.decode(): value for name, value in fields.items()})

    async def save(self, onto: Collection[int], offset: int, changed: Pieces) -> None:
        """Write changed pieces and the offset, or nothing. Raises Fenced, SetBack.

        `onto` are the offsets of checkpoints that these pieces can be added to.
        """
        saved = [(name, value) for name, value in changed.items() if value is not None]
        gone = [name for name, value in changed.items() if value is None]
        key = self._hash.key

        def commands(fields: list[bytes | None]) -> Iterator[tuple[Any, ...]]:
            self._check(onto, *fields)
            for at in range(0, len(saved), FIELDS):
                yield "HSET", key, *chain.from_iterable(saved[at : at + FIELDS])
            yield "HSET", key, OFFSET, offset
            if gone:
                yield "HDEL", key, *gone

        await self._hash.write_much((OFFSET.decode(),), commands)

    async def verify(self, onto: Collection[int]) -> None:
        """Check that the partition is still ours and its checkpoint still there. Raises Fenced, SetBack."""
        self._check(onto, *await self._hash.read(OFFSET.decode()))

    def _check(self, onto: Collection[int], stored: bytes | None) -> None:
        at = NOTHING if stored is None else int(stored)
        if at not in onto:
            raise SetBack(
                f"the checkpoint of {self._name} is at offset {at}, not at {max(onto)}: Redis was set back"
            )


def key(prefix: str, stage: str, partition: int) -> str:
    """The key of a partition's checkpoint."""
    return f"{prefix}tankerwatch:{stage}:{partition}:state"
