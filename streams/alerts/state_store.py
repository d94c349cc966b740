"""What the rules of a deployment remember in Redis, and the messages that could not be delivered.

| key | type | what it holds |
|---|---|---|
| `alerts:rule:{name}` | hash | the fields of `streams.alerts.schedule.State`; `version`; `owner`, `turn` |
| `alerts:dead` | stream | messages given up: `rule`, `id`, `reason`, `parcel`, `json` of its event |

All keys begin with `{prefix}tankerwatch:`. A commit also adds to the audit what was withheld. It is all or
nothing, and adds one to `version`. That number
shows whether a commit went through whose answer was lost, and whether Redis was set back. The process that
opened a rule last owns it (`streams.runtime.fencing`).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import msgspec
import redis.asyncio as redis

from models.silence import AuditLine
from models.time import Millis
from streams.alerts.schedule import PendingMessage, State
from streams.runtime.fencing import FencedHash, Fields, SetBack
from streams.store.judgement_log import add_withheld
from streams.store.keys import Keys

DEAD: Final = 1_000
"""Messages kept; the oldest are dropped."""
VERSION: Final = "version"
_PARCEL: Final = msgspec.json.Decoder(PendingMessage)


@dataclass(frozen=True, slots=True)
class Dead:
    """A message that was given up. `json` is its event as published, empty for other messages."""

    rule: str
    reason: str
    parcel: PendingMessage
    json: bytes = b""
    entry: str = ""  # its own id, once it is stored

    @property
    def time(self) -> Millis:
        return int(self.entry.partition("-")[0])


class RuleStore:
    """The memory of one rule."""

    def __init__(self, client: "redis.Redis", prefix: str, rule: str) -> None:
        self._redis: Any = client
        self._rule = rule
        self._key, self._dead, self._keys = key(prefix, rule), dead_key(prefix), Keys(prefix)
        self._hash = FencedHash(client, self._key, f"rule {rule}")
        self._version = 0

    async def open(self) -> State:
        """Become the owner, and read the memory."""
        return self._state(await self._hash.take_over())

    async def reopen(self) -> State:
        """Go on after Redis was set back: read what it has now. Raises Fenced."""
        return self._state(await self._hash.resume())

    def _state(self, fields: Fields) -> State:
        self._version = int(fields.pop(VERSION.encode(), 0))
        return State({name.decode(): value for name, value in fields.items()})

    async def commit(
        self,
        changed: Mapping[str, bytes | None],
        dead: tuple[Dead, ...] = (),
        withheld: Sequence[AuditLine] = (),
    ) -> None:
        """Write what has changed. To be repeated after a fault. Raises Fenced, SetBack."""

        async def fill(pipe: Any, fields: list[bytes | None]) -> None:
            found = int(fields[0] or 0)
            if found == self._version + 1:
                pipe.multi()  # it went through before, and the answer was lost
                return
            if found != self._version:
                raise SetBack(f"Redis has version {found} of rule {self._rule}, not {self._version}")
            pipe.multi()
            put = {name: value for name, value in changed.items() if value is not None}
            if gone := [name for name, value in changed.items() if value is None]:
                pipe.hdel(self._key, *gone)
            pipe.hset(self._key, mapping={**put, VERSION: found + 1})
            for letter in dead:
                pipe.xadd(self._dead, _fields(letter), maxlen=DEAD, approximate=True)
            add_withheld(pipe, self._keys, withheld)

        await self._hash.write((VERSION,), fill)
        self._version += 1

    async def disabled(self) -> bool:
        return bool(await self._redis.hexists(self._key, "disabled"))


class DeadLetters:
    def __init__(self, client: "redis.Redis", prefix: str) -> None:
        self._redis: Any = client
        self._key = dead_key(prefix)

    async def all(self) -> list[Dead]:
        """All messages that were given up, oldest first."""
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
