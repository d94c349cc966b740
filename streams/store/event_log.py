"""The event log in Redis, for readers: the feed, `tankerwatch status`, your own programs.

Only the sink writes it (`streams/store/sink.py`), except what people said and what alerts withheld
(`streams/store/judgement_log.py`). All keys begin with `{prefix}tankerwatch:`.

| key | type | what it holds |
|---|---|---|
| `log` | stream | one revision, as published: `id`, `revision`, `type`, `level`, `status`, `json` |
| `events` | hash | event id → JSON of its highest revision |
| `events:revisions` | hash | event id → the number of that revision, by which the sink drops duplicates |
| `events:detected` | sorted set | event ids by `detected` of their highest revision, milliseconds UTC |
| `event:{id}` | list | entry ids in `log` of the event's revisions, oldest first |
| `vessels` | hash | MMSI → JSON of `models.last_position.LastPosition`, its latest tick |
| `vessels:heard` | sorted set | MMSIs by the time of their latest tick, milliseconds UTC |
| `coverage` | sorted set | cells of `streams.store.coverage` by the time of the latest tick, UTC; a day |
| `vessels:identities` | hash | MMSI → JSON of `models.vessel.Identity`, the latest |
| `vessel:{mmsi}:track` | list | its recent ticks, oldest first, each a packed `models.last_position.POINT` |
| `vessel:{mmsi}:identities` | list | JSON of its recent identities, oldest first |
| `reviews` | stream | reviews of events, as `event` and `json`; written by the feed, never trimmed |
| `reviews:latest` | hash | event id → JSON of its latest `models.review.Review` |
| `reviews:of:{id}` | list | JSON of all reviews of an event, oldest first |
| `silences` | hash | id → JSON of a `models.silence.Silence` not over for a day; written by the feed |
| `audit` | stream | JSON of `models.silence.AuditLine` about people; written by the feed; the last 100,000 |
| `audit:withheld` | stream | the same about the latest alerts that were withheld; written by the alerts |
| `sink` | hash | last offset read of each input, the last `entry`, and the sink's process (`owner`, `turn`) |

The id of an entry is the sink's clock in milliseconds and a running number. Later entries have higher ids,
and the number of the next entry is known (`lost`). No entry has the number 0. No pair of `id` and `revision`
is in the log twice. The log is trimmed by age and length; events and vessels are dropped when they have
not changed for long (`streams/store/retention.py`).
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

import msgspec
import redis.asyncio as redis

from models.errors import UNDECODABLE
from models.last_position import LastPosition, TrackPoint, unpack_points
from models.time import Millis
from models.vessel import Identity
from streams.deployment import heartbeat
from streams.deployment.heartbeat import Heartbeat
from streams.runtime.fencing import OWNER, TURN
from streams.store.judgement_log import JudgementLog

ENTRY: Final = "entry"
"""The field of the hash `sink` that holds the id of the last entry."""
BEFORE_ALL: Final = "0-0"
"""The entry id before any other."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One revision of one event in the log."""

    entry: str  # the entry's id in the log
    id: str
    revision: int
    type: str
    level: str
    status: str
    json: bytes


@dataclass(frozen=True, slots=True)
class Ends:
    """The first and last entry of the log, and whether there were entries before the first."""

    first: str
    last: str
    trimmed: bool
    dropped: int = 0  # so many before the first
    added: int = 0  # and so many up to the last


@dataclass(frozen=True, slots=True)
class VesselRecord:
    """All that is kept of one vessel. `whereabouts` is None if it has never been placed on the grid."""

    mmsi: int
    whereabouts: LastPosition | None
    identity: Identity | None
    track: tuple[TrackPoint, ...]
    identities: tuple[Identity, ...]


class _Head(msgspec.Struct):
    """The part of an event that tells its type, so that the rest need not be read."""

    type: str


_HEAD: Final = msgspec.json.Decoder(_Head)
_PAGE: Final = 200
_WHEREABOUTS: Final = msgspec.json.Decoder(LastPosition)
_IDENTITY: Final = msgspec.json.Decoder(Identity)
_HEARD: Final = "return table.concat(redis.call('ZRANGE',KEYS[1],ARGV[1],'+inf','BYSCORE','WITHSCORES'),' ')"
"""MMSIs and times as one text: redis-py takes ten times as long to read a list of 20,000 of them."""


class EventLog(JudgementLog):
    """Reads the log. `client` must return bytes (the default of redis-py)."""

    def __init__(self, client: "redis.Redis", prefix: str = "") -> None:
        super().__init__(client, prefix)
        self._prefix = prefix

    async def since(self, entry: str = BEFORE_ALL, count: int = 100) -> list[Entry]:
        """The entries after this one, oldest first."""
        return _entries(await self._redis.xrange(self.keys.log, f"({entry}", "+", count))

    async def before(self, entry: str | None = None, count: int = 100) -> list[Entry]:
        """The entries before this one, or the last ones; newest first."""
        end = "+" if entry is None else f"({entry}"
        return _entries(await self._redis.xrevrange(self.keys.log, end, "-", count))

    async def wait(self, entry: str, count: int = 100, seconds: float = 15.0) -> list[Entry]:
        """As `since`, but wait for so many seconds if there is none yet: fewer than the client's timeout."""
        got = await self._redis.xread({self.keys.log: entry}, count, max(1, int(seconds * 1000)))
        return _entries(got[0][1]) if got else []

    async def at(self, entry: str) -> Entry | None:
        """This entry; None if the log does not have it any more."""
        return next(iter(_entries(await self._redis.xrange(self.keys.log, entry, entry))), None)

    async def ends(self) -> Ends | None:
        """The ends of the log; None if it has no entries."""
        async with self._redis.pipeline(transaction=True) as pipe:
            pipe.xinfo_stream(self.keys.log)
            (info,) = await pipe.execute(raise_on_error=False)
        if isinstance(info, redis.ResponseError) or not info["length"]:
            return None
        first, last = info["first-entry"][0].decode(), info["last-entry"][0].decode()
        dropped = info["entries-added"] - info["length"]
        return Ends(first, last, dropped > 0, dropped, info["entries-added"])

    async def added(self) -> int:
        """The number of entries that there have ever been."""
        try:
            info = await self._redis.xinfo_stream(self.keys.log)
        except redis.ResponseError:  # there is no log yet
            return 0
        return int(info["entries-added"])

    async def last(self) -> str:
        """The id of the last entry ever written, even if it was trimmed; BEFORE_ALL for none."""
        try:
            info = await self._redis.xinfo_stream(self.keys.log)
        except redis.ResponseError:  # there is no log yet
            return BEFORE_ALL
        last: str = info["last-generated-id"].decode()
        return last

    async def latest(self, event: str) -> bytes | None:
        """The JSON of the event's highest revision."""
        found: bytes | None = await self._redis.hget(self.keys.events, event)
        return found

    async def latest_of(self, events: Sequence[str]) -> list[bytes | None]:
        return list(await self._redis.hmget(self.keys.events, events)) if events else []

    async def by_detected(
        self,
        start: Millis | None = None,
        end: Millis | None = None,
        *,
        newest_first: bool = True,
        offset: int = 0,
        count: int = 100,
    ) -> list[str]:
        """Ids of events whose highest revision was detected in this time, both ends included."""
        low, high = "-inf" if start is None else start, "+inf" if end is None else end
        if newest_first:
            ids = await self._redis.zrevrangebyscore(self.keys.detected, high, low, offset, count)
        else:
            ids = await self._redis.zrangebyscore(self.keys.detected, low, high, offset, count)
        return [name.decode() for name in ids]

    async def latest_of_type(self, type: str) -> list[bytes]:
        """The JSON of the highest revision of every kept event of this type. Reads all that is kept."""
        found: list[bytes] = []
        offset = 0
        while ids := await self.by_detected(newest_first=False, offset=offset, count=_PAGE):
            offset += len(ids)
            found += (json for json in await self.latest_of(ids) if json is not None and _is(type, json))
        return found

    async def revisions(self, event: str) -> list[Entry]:
        """All revisions that the log still has, oldest first."""
        ids = await self._redis.lrange(self.keys.entries(event), 0, -1)
        if not ids:
            return []
        async with self._redis.pipeline(transaction=False) as pipe:
            for entry in ids:
                pipe.xrange(self.keys.log, entry, entry)
            return [entry for found in await pipe.execute() for entry in _entries(found)]

    async def vessel(self, mmsi: int) -> VesselRecord | None:
        async with self._redis.pipeline(transaction=True) as pipe:
            pipe.hget(self.keys.vessels, str(mmsi))
            pipe.hget(self.keys.identities, str(mmsi))
            pipe.lrange(self.keys.track(mmsi), 0, -1)
            pipe.lrange(self.keys.history(mmsi), 0, -1)
            where, identity, track, history = await pipe.execute()
        if where is None and identity is None:
            return None
        return VesselRecord(
            mmsi,
            None if where is None else _WHEREABOUTS.decode(where),
            None if identity is None else _IDENTITY.decode(identity),
            tuple(unpack_points(b"".join(track))),
            tuple(_IDENTITY.decode(one) for one in history),
        )

    async def coverage(self, since: Millis) -> dict[int, Millis]:
        found = await self._redis.zrangebyscore(self.keys.coverage, since, "+inf", withscores=True)
        return {int(cell): int(time) for cell, time in found}

    async def whereabouts(self, mmsis: Iterable[int]) -> list[LastPosition]:
        """The last position of each of these vessels. They are read a thousand at a time."""
        names = [str(mmsi) for mmsi in mmsis]
        found = await self._redis.hmget(self.keys.vessels, names) if names else []
        return [_WHEREABOUTS.decode(one) for one in found if one is not None]

    async def identities(self, mmsis: Iterable[int]) -> list[Identity]:
        names = [str(mmsi) for mmsi in mmsis]
        found = await self._redis.hmget(self.keys.identities, names) if names else []
        return [_IDENTITY.decode(one) for one in found if one is not None]

    async def histories(self, mmsis: Iterable[int]) -> list[tuple[Identity, ...]]:
        """The recent identities of each of these vessels, oldest first."""
        async with self._redis.pipeline(transaction=False) as pipe:
            for mmsi in mmsis:
                pipe.lrange(self.keys.history(mmsi), 0, -1)
            return [tuple(_IDENTITY.decode(one) for one in found) for found in await pipe.execute()]

    async def newest_first(
        self,
        start: Millis | None = None,
        end: Millis | None = None,
        after: tuple[Millis, str] | None = None,
        count: int = 100,
    ) -> list[tuple[Millis, str]]:
        low = "-inf" if start is None else start
        if after is not None:
            end = after[0] if end is None else min(end, after[0])
        high = "+inf" if end is None else end
        found: list[tuple[Millis, str]] = []
        offset = 0
        while len(found) < count:
            some = await self._redis.zrevrangebyscore(
                self.keys.detected, high, low, offset, count, withscores=True
            )
            named = [(int(score), name.decode()) for name, score in some]
            found += (one for one in named if after is None or one < after)
            offset += len(some)
            if len(some) < count:
                break
        return found[:count]

    async def version(self) -> tuple[str, str]:
        offset = await self._redis.hget(self.keys.sink, "ticks")
        return "", "" if offset is None else offset.decode()

    async def heard_at(self, since: Millis) -> dict[int, Millis]:
        found = (await self._redis.eval_ro(_HEARD, 1, self.keys.heard, since)).split()
        return {int(mmsi): int(at) for mmsi, at in zip(found[::2], found[1::2], strict=True)}

    async def newest(self) -> Millis | None:
        async with self._redis.pipeline(transaction=False) as pipe:
            for key in (self.keys.heard, self.keys.detected):
                pipe.zrevrange(key, 0, 0, withscores=True)
            tops = await pipe.execute()
        return max((int(top[0][1]) for top in tops if top), default=None)

    async def heartbeats(self) -> dict[str, Heartbeat]:
        """What each process of the deployment last said about itself, by partition of a stage, and `sink`."""
        return await heartbeat.read(self._redis, self._prefix)


def _is(type: str, json: bytes) -> bool:
    """Whether it is an event of this type; not if it can't be read."""
    try:
        return _HEAD.decode(json).type == type
    except UNDECODABLE:
        return False


def offsets(sink: Mapping[bytes, bytes]) -> dict[str, int]:
    """How far the sink has read: the last offset by name of the input, from the fields of the hash `sink`."""
    others = (ENTRY.encode(), OWNER, TURN)
    return {name.decode(): int(value) for name, value in sink.items() if name not in others}


def entry_key(entry: str) -> tuple[int, int]:
    """An entry id as a key that sorts as Redis sorts. Raises ValueError for other texts."""
    time, _, number = entry.partition("-")
    return int(time), int(number or 0)


def moment(time: Millis) -> str:
    """An entry id to read from, for entries that came at this time or later."""
    return f"{max(0, time)}-0"


class Log(Protocol):
    """The part of an event log that `lost` needs."""

    async def at(self, entry: str) -> Entry | None: ...
    async def ends(self) -> Ends | None: ...
    async def last(self) -> str: ...


async def lost(log: Log, entry: str, found: Sequence[Entry]) -> bool:
    """Whether entries are missing between this entry (or moment) and what was `found` after it.

    They were trimmed, or the log was set back (emptied, or restored from an older copy) and has another
    history now. After BEFORE_ALL nothing is missing.
    """
    if entry == BEFORE_ALL:
        return False
    key = entry_key(entry)
    if found and entry_key(found[0].entry)[1] == key[1] + 1:
        return False
    if found and key[1]:
        return await log.at(entry) is None  # entries of versions without running numbers
    ends = await log.ends()
    if ends is None:
        return key != entry_key(await log.last())
    if found:
        return ends.trimmed and key < entry_key(ends.first)
    return key > entry_key(ends.last)


def _entries(found: Iterable[tuple[bytes, dict[bytes, bytes]]]) -> list[Entry]:
    return [
        Entry(
            entry.decode(),
            fields[b"id"].decode(),
            int(fields[b"revision"]),
            fields[b"type"].decode(),
            fields[b"level"].decode(),
            fields[b"status"].decode(),
            fields[b"json"],
        )
        for entry, fields in found
    ]
