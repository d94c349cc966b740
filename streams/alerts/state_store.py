"""What the rules of a deployment remember, in Redis; and the letters that could not be delivered.

| key | type | what it holds |
|---|---|---|
| `alerts:rule:{name}` | hash | the fields of `streams.alerts.schedule.State`, `owner`, `version` |
| `alerts:dead` | stream | messages given up: `rule`, `id`, `reason`, `parcel`, `json` of its event |

All keys begin with `{prefix}tankerwatch:`. A commit is all or nothing and counts `version` on, so that one
whose answer was lost is known, and a Redis that was set back noticed. Who opens a rule owns it; the owner
before then finds that it is `Fenced`.
"""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import msgspec
import redis.asyncio as redis
from redis.exceptions import WatchError

from models.time import Millis
from streams.alerts.schedule import PendingMessage, State
from streams.pipeline.checkpoint import Fenced
from streams.store.event_log_writer import SetBack

DEAD: Final = 1_000
"""Letters kept; the oldest give way."""
_OWN: Final = (b"owner", b"version")
_PARCEL: Final = msgspec.json.Decoder(PendingMessage)


@dataclass(frozen=True, slots=True)
class Dead:
    """A message that was given up. `json` is its event as published, empty for other messages."""

    rule: str
    reason: str
    parcel: PendingMessage
    json: bytes = b""
    entry: str = ""  # its own id, once it is kept

    @property
    def time(self) -> Millis:
        return int(self.entry.partition("-")[0])


class RuleStore:
    """One rule's memory."""

    def __init__(self, client: "redis.Redis", prefix: str, rule: str) -> None:
        self._redis: Any = client
        self._key, self._dead = key(prefix, rule), dead_key(prefix)
        self._owner = uuid.uuid4().hex
        self._version = 0

    async def open(self) -> State:
        """Become its owner, and read it."""
        async with self._redis.pipeline(transaction=True) as pipe:
            pipe.hset(self._key, "owner", self._owner)
            pipe.hgetall(self._key)
            _, fields = await pipe.execute()
        return self._state(fields)

    async def reopen(self) -> State:
        """After Redis was set back: what it has. Raises Fenced."""
        fields = await self._redis.hgetall(self._key)
        if fields.get(b"owner", self._owner.encode()) != self._owner.encode():
            raise Fenced("another process has taken over")
        return await self.open()

    def _state(self, fields: Mapping[bytes, bytes]) -> State:
        self._version = int(fields.get(b"version", 0))
        return State({name.decode(): value for name, value in fields.items() if name not in _OWN})

    async def commit(self, changed: Mapping[str, bytes | None], dead: tuple[Dead, ...] = ()) -> None:
        """Write what has changed. To be repeated after a fault. Raises Fenced and SetBack."""
        async with self._redis.pipeline(transaction=True) as pipe:
            while True:
                await pipe.watch(self._key)
                owner, version = await pipe.hmget(self._key, "owner", "version")
                if owner is not None and owner.decode() != self._owner:
                    raise Fenced("another process has taken over")
                found = int(version or 0)
                if owner is not None and found == self._version + 1:
                    break  # written before; the answer was lost
                if owner is None or found != self._version:
                    raise SetBack(f"Redis has version {found}, ours is {self._version}")
                pipe.multi()
                put = {name: value for name, value in changed.items() if value is not None}
                if gone := [name for name, value in changed.items() if value is None]:
                    pipe.hdel(self._key, *gone)
                pipe.hset(self._key, mapping={**put, "version": found + 1})
                for letter in dead:
                    pipe.xadd(self._dead, _fields(letter), maxlen=DEAD, approximate=True)
                try:
                    await pipe.execute()
                except WatchError:
                    continue
                break
        self._version += 1

    async def disabled(self) -> bool:
        return bool(await self._redis.hexists(self._key, "disabled"))


class DeadLetters:
    def __init__(self, client: "redis.Redis", prefix: str) -> None:
        self._redis: Any = client
        self._key = dead_key(prefix)

    async def all(self) -> list[Dead]:
        """Oldest first."""
        return [
            Dead(
                fields[b"rule"].decode(),
                fields[b"reason"].decode(),
                _PARCEL.decode(fields[b"parcel"]),
                fields[b"json"],
                entry.decode(),
            )
            for entry, fields in await self._redis.xrange(self._key)
        ]

    async def drop(self, letter: Dead) -> None:
        await self._redis.xdel(self._key, letter.entry)


def key(prefix: str, rule: str) -> str:
    return f"{prefix}tankerwatch:alerts:rule:{rule}"


def dead_key(prefix: str) -> str:
    return f"{prefix}tankerwatch:alerts:dead"


def _fields(letter: Dead) -> dict[str, bytes | str]:
    return {
        "rule": letter.rule,
        "id": letter.parcel.id,
        "reason": letter.reason,
        "parcel": msgspec.json.encode(letter.parcel),
        "json": letter.json,
    }
