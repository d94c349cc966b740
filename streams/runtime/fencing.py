"""Redis hashes that one process at a time may write: a fenced writer.

The process that took a hash over last is its owner. The one before may still be alive: it was cut off for a
while, or nobody knew of it. Its writes must not reach the hash any more, so every write watches the hash and
checks the owner (optimistic locking with WATCH, MULTI and EXEC).
"""

import os
import secrets
import socket
from collections.abc import Awaitable, Callable, Iterable
from typing import Any, Final, TypeVar

import redis.asyncio as redis
from redis.exceptions import WatchError

from models.errors import TankerwatchError

OWNER: Final = b"owner"
TURN: Final = b"turn"
"""The two fields that are ours. The turn, a number, tells an older copy of Redis from a later owner."""
Fields = dict[bytes, bytes]
T = TypeVar("T")
Fill = Callable[[Any, list[bytes | None]], Awaitable[T]]


class Fenced(TankerwatchError):
    """This process may not write the hash. Nothing was written."""


class SetBack(Fenced):
    """Redis does not hold what this process wrote last. It was emptied, or restored from an older copy.

    The holder of a hash may also raise it when a write went through although its answer was lost.
    """


class FencedHash:
    """A hash with an owner. `what` names it in errors, such as "the event log"."""

    def __init__(self, client: "redis.Redis", key: str, what: str) -> None:
        self._redis: Any = client  # redis-py types its commands as sync or async
        self.key, self._what = key, what
        self._owner, self._turn = b"", 0

    async def take_over(self) -> Fields:
        """Become the owner. Returns the other fields as they are then."""
        # random, not only counted: a Redis that was set back would give a number twice
        owner = f"{socket.gethostname()}/{os.getpid()}/{secrets.token_hex(8)}"
        self._owner = owner.encode()  # set first: if the answer is lost, the owner in Redis is still us
        async with self._redis.pipeline(transaction=True) as pipe:
            pipe.hset(self.key, OWNER, owner)
            pipe.hincrby(self.key, TURN, 1)
            pipe.hgetall(self.key)
            _, self._turn, fields = await pipe.execute()
        loaded: Fields = fields
        for name in (OWNER, TURN):
            loaded.pop(name, None)
        return loaded

    async def resume(self) -> Fields:
        """Go on after a fault or SetBack: returns the other fields as Redis has them now.

        Raises Fenced if another process has taken over meanwhile.
        """
        owner, turn = await self._redis.hmget(self.key, OWNER, TURN)
        if self._is_later(owner, turn):
            raise self._taken_over()
        return await self.take_over()

    async def read(self, *fields: str) -> list[bytes | None]:
        """Read fields as their owner. Raises Fenced, SetBack."""
        return await self._read(self._redis, fields)

    async def write(self, fields: tuple[str, ...], fill: "Fill[T]") -> T:
        """Write as the owner, in one transaction. Raises Fenced, SetBack, and whatever `fill` raises.

        `fill` gets a pipeline and these `fields`. It may first read through the pipeline; then it calls
        `multi()` and queues its commands, for this key and for others. It is called again if the hash
        changes before they are carried out.
        """
        async with self._redis.pipeline(transaction=True) as pipe:
            while True:
                await pipe.watch(self.key)
                result = await fill(pipe, await self._read(pipe, fields))
                try:
                    await pipe.execute()
                except WatchError:
                    continue
                return result

    async def write_much(
        self, fields: tuple[str, ...], commands: Callable[[list[bytes | None]], Iterable[tuple[Any, ...]]]
    ) -> None:
        """The same for what is large: Redis has each command of the transaction before the next one is made.

        As one request they would be here several times over: packed, joined, and waiting for the socket.
        """
        async with self._redis.pipeline(transaction=True) as pipe:
            while True:
                await pipe.watch(self.key)
                every = commands(await self._read(pipe, fields))
                try:
                    await pipe.execute_command("MULTI")
                    for command in every:
                        await pipe.execute_command(*command)
                    results = await pipe.execute_command("EXEC")
                    if results is None:  # the hash has changed
                        continue
                    for refused in results:
                        if isinstance(refused, Exception):  # Redis carries out the others all the same
                            raise refused
                    return
                except WatchError:  # the connection was lost; the same as if the hash had changed
                    continue
                except BaseException:
                    if pipe.connection is not None:  # the transaction must not stay open for the next user
                        await pipe.connection.disconnect(nowait=True)
                    raise

    async def _read(self, client: Any, fields: tuple[str, ...]) -> list[bytes | None]:
        values: list[bytes | None] = await client.hmget(self.key, OWNER, TURN, *fields)
        owner, turn = values[:2]
        if owner == self._owner:
            return values[2:]
        if self._is_later(owner, turn):
            raise self._taken_over()
        raise SetBack(
            f"Redis has lost who writes {self._what}: it was emptied or restored from an older copy"
        )

    def _is_later(self, owner: bytes | None, turn: bytes | None) -> bool:
        return owner is not None and owner != self._owner and int(turn or 0) > self._turn

    def _taken_over(self) -> Fenced:
        return Fenced(f"another process has taken over {self._what}")
