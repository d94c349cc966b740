"""The writer of the event log: a batch and its offsets go into Redis in one transaction, or not at all.

What it writes is described in `streams/store/event_log.py`. Only the sink that took over last may
write; the one before gets `Fenced` at its next batch. A batch must follow what Redis has. If it does not
(Redis was set back, or a write went through although its answer was lost), the writer raises `SetBack`, and
the sink reads on from the offsets that Redis has.
"""

import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import msgspec
import numpy as np
import redis.asyncio as redis

from models.drawn_fence import FenceVersion
from models.last_position import POINT, SEGMENTS, LastPosition, pack_points
from models.report import Rows
from models.time import DAY, Millis, from_text
from models.vessel import Identity
from streams.runtime.fencing import FencedHash, SetBack
from streams.store.coverage import cells_heard
from streams.store.event_log import BEFORE_ALL, ENTRY, entry_key, offsets
from streams.store.keys import Keys
from streams.store.retention import Retention

SWEEP: Final = 1_000
"""Events or vessels dropped in one transaction."""
COVERED: Final = DAY
"""How long a cell is remembered in which something was heard."""


class Revision(msgspec.Struct, frozen=True):
    """The fields of a published event that the writer needs; the others are for readers."""

    id: str
    revision: int
    type: str
    level: str
    status: str
    detected: str
    json: bytes = b""


_REVISION: Final = msgspec.json.Decoder(Revision)
_WHEREABOUTS: Final = msgspec.json.Decoder(LastPosition)
_IDENTITY: Final = msgspec.json.Decoder(Identity)


def revision(value: bytes) -> Revision:
    """Read a published event. Raises ValueError (msgspec's errors are)."""
    read = _REVISION.decode(value)
    from_text(read.detected)
    return msgspec.structs.replace(read, json=value)


@dataclass(slots=True)
class Batch:
    """What some messages bring, and their range: by name of the stream, the offsets before and after."""

    before: dict[str, int]
    after: dict[str, int] = field(default_factory=dict)
    revisions: list[Revision] = field(default_factory=list)
    ticks: list[Rows] = field(default_factory=list)
    identities: list[Identity] = field(default_factory=list)
    fences: list[FenceVersion] = field(default_factory=list)
    """Written beside the event log, before the rest."""

    @property
    def size(self) -> int:
        return len(self.revisions) * 5 + sum(map(len, self.ticks)) + len(self.identities)


@dataclass(slots=True)
class Written:
    """What a batch has added."""

    revisions: list[Revision] = field(default_factory=list)
    ticks: int = 0
    identities: int = 0


class LogWriter:
    def __init__(
        self,
        client: "redis.Redis",
        prefix: str = "",
        limits: Retention | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._redis: Any = client  # redis-py types its commands as sync or async
        self._keys = Keys(prefix)
        self._limits = limits or Retention()
        self._clock = clock
        self._hash = FencedHash(client, self._keys.sink, "the event log")

    async def take_over(self) -> dict[str, int]:
        """Become the only writer. Returns the last offset written of each input stream."""
        return offsets(await self._hash.take_over())

    async def resume(self) -> dict[str, int]:
        """Go on after a fault: returns the offsets that Redis has. Raises Fenced."""
        return offsets(await self._hash.resume())

    async def write(self, batch: Batch) -> Written:
        """Write what is new. Raises Fenced or SetBack; then nothing is written."""

        async def fill(pipe: Any, fields: list[bytes | None]) -> Written:
            entry, *found = fields
            kept = {name: -1 if at is None else int(at) for name, at in zip(batch.before, found, strict=True)}
            if kept != batch.before:
                raise SetBack(f"Redis is at {kept}, the batch follows on {batch.before}")
            mmsis = sorted({int(m) for rows in batch.ticks for m in np.unique(rows["mmsi"])})
            ids = sorted({one.id for one in batch.revisions})
            named = sorted({one.mmsi for one in batch.identities})
            known = await self._known(pipe, self._keys.revisions, ids)
            where = await self._known(pipe, self._keys.vessels, mmsis)
            who = await self._known(pipe, self._keys.identities, named)
            pipe.multi()
            written = Written()
            last = BEFORE_ALL if entry is None else entry.decode()
            last = self._add_revisions(pipe, batch.revisions, known, last, written)
            self._add_ticks(pipe, batch.ticks, where, written)
            self._add_identities(pipe, batch.identities, who, written)
            pipe.hset(self._keys.sink, mapping={**batch.after, ENTRY: last})
            return written

        return await self._hash.write((ENTRY, *batch.before), fill)

    async def forget(self, name: str) -> dict[str, int]:
        """Start an input stream from its beginning again; returns all offsets. Raises Fenced, SetBack."""

        async def fill(pipe: Any, _: list[bytes | None]) -> dict[str, int]:
            kept = offsets(await pipe.hgetall(self._keys.sink))
            pipe.multi()
            pipe.hdel(self._keys.sink, name)
            return {stream: offset for stream, offset in kept.items() if stream != name}

        await self._hash.resume()  # when a topic was created again, Redis was often set back too
        return await self._hash.write((), fill)

    async def sweep(self) -> int:
        """Drop what is too old. Returns how many events and vessels were dropped. Raises Fenced, SetBack."""
        dropped = 0
        while some := await self._hash.write((), self._sweep_some):
            dropped += some
        return dropped

    @staticmethod
    async def _known(pipe: Any, key: str, names: Iterable[object]) -> dict[str, bytes]:
        """The values of a hash under these names."""
        wanted = [str(name) for name in names]
        if not wanted:
            return {}
        found = await pipe.hmget(key, wanted)
        return {name: value for name, value in zip(wanted, found, strict=True) if value is not None}

    def _add_revisions(
        self, pipe: Any, revisions: list[Revision], known: Mapping[str, bytes], last: str, written: Written
    ) -> str:
        """Append revisions above the highest known. Returns the id of the last entry."""
        keys, limits = self._keys, self._limits
        highest = {name: int(number) for name, number in known.items()}
        now = int(self._clock() * 1000)
        time_, number = entry_key(last)
        for one in revisions:
            if one.revision <= highest.get(one.id, 0):
                continue
            highest[one.id] = one.revision
            time_, number = max(now, time_), number + 1
            last = f"{time_}-{number}"
            fields = {
                "id": one.id,
                "revision": one.revision,
                "type": one.type,
                "level": one.level,
                "status": one.status,
                "json": one.json,
            }
            pipe.xadd(keys.log, fields, last, maxlen=limits.log_entries, approximate=True)
            pipe.hset(keys.events, one.id, one.json)
            pipe.hset(keys.revisions, one.id, one.revision)
            pipe.zadd(keys.detected, {one.id: from_text(one.detected)})
            pipe.rpush(keys.entries(one.id), last)
            pipe.pexpire(keys.entries(one.id), int(limits.log_days * DAY))
            written.revisions.append(one)
        return last

    def _add_ticks(
        self, pipe: Any, batches: list[Rows], where: Mapping[str, bytes], written: Written
    ) -> None:
        """Append ticks later than what is known of their segment: a segment's ticks come in order."""
        if not any(map(len, batches)):
            return  # frames with identities only
        ticks = np.concatenate(batches)
        cells = cells_heard(ticks)
        pipe.zadd(self._keys.coverage, cells, gt=True)
        pipe.zremrangebyscore(self._keys.coverage, "-inf", max(cells.values()) - COVERED)
        ticks = ticks[np.argsort(ticks["mmsi"], kind="stable")]
        points = pack_points(ticks).tobytes()
        size = POINT.itemsize
        mmsis, starts = np.unique(ticks["mmsi"], return_index=True)
        ends = [*starts[1:].tolist(), len(ticks)]
        times, segments = ticks["time"].tolist(), ticks["segment"].tolist()
        latest: dict[str, bytes] = {}
        heard: dict[str, int] = {}
        for mmsi, start, end in zip(mmsis.tolist(), starts.tolist(), ends, strict=True):
            before = _WHEREABOUTS.decode(where[str(mmsi)]) if str(mmsi) in where else None
            seen = dict(before.segments) if before else {}
            top, fresh = before.time if before else None, []
            newest = None
            for row in range(start, end):
                at, segment = times[row], str(segments[row])
                if at <= seen.get(segment, at - 1):
                    continue
                seen[segment] = at
                fresh.append(points[row * size : (row + 1) * size])
                if top is None or at >= top:
                    top, newest = at, row
            if not fresh:
                continue
            written.ticks += len(fresh)
            pipe.rpush(self._keys.track(mmsi), *fresh)
            pipe.ltrim(self._keys.track(mmsi), -self._limits.track_points, -1)
            recent = dict(sorted(seen.items(), key=lambda pair: pair[1])[-SEGMENTS:])
            if newest is not None:
                state = whereabouts(ticks[newest], recent)
            else:
                assert before is not None
                state = msgspec.structs.replace(before, segments=recent)
            latest[str(mmsi)] = msgspec.json.encode(state)
            heard[str(mmsi)] = state.time
        if latest:
            pipe.hset(self._keys.vessels, mapping=latest)
            pipe.zadd(self._keys.heard, heard, gt=True)

    def _add_identities(
        self, pipe: Any, identities: list[Identity], who: Mapping[str, bytes], written: Written
    ) -> None:
        known = {int(mmsi): _IDENTITY.decode(value) for mmsi, value in who.items()}
        changed: dict[str, bytes] = {}
        for identity in identities:
            before = known.get(identity.mmsi)
            # `gone`: the stages have forgotten the vessel; its last identity stays
            if identity.gone or (before is not None and identity.time <= before.time):
                continue
            known[identity.mmsi] = identity
            value = msgspec.json.encode(identity)
            changed[str(identity.mmsi)] = value
            written.identities += 1
            pipe.rpush(self._keys.history(identity.mmsi), value)
            pipe.ltrim(self._keys.history(identity.mmsi), -self._limits.identities, -1)
            pipe.zadd(self._keys.heard, {str(identity.mmsi): identity.time}, gt=True)
        if changed:
            pipe.hset(self._keys.identities, mapping=changed)

    async def _sweep_some(self, pipe: Any, _: list[bytes | None]) -> int:
        keys, limits = self._keys, self._limits
        now = int(self._clock() * 1000)
        events = await _overdue(pipe, keys.detected, int(limits.event_days * DAY), now)
        vessels = await _overdue(pipe, keys.heard, int(limits.idle_days * DAY), now)
        pipe.multi()
        pipe.xtrim(keys.log, minid=f"{now - int(limits.log_days * DAY)}-0", approximate=False)
        if events:
            pipe.hdel(keys.events, *events)
            pipe.hdel(keys.revisions, *events)
            pipe.zrem(keys.detected, *events)
            pipe.delete(*(keys.entries(name) for name in events))
        if vessels:
            pipe.hdel(keys.vessels, *vessels)
            pipe.hdel(keys.identities, *vessels)
            pipe.zrem(keys.heard, *vessels)
            pipe.delete(*(keys.track(int(m)) for m in vessels), *(keys.history(int(m)) for m in vessels))
        return len(events) + len(vessels)


async def _overdue(pipe: Any, key: str, age: Millis, now: Millis) -> list[str]:
    """The members whose time lies so far before the newest of them, or before now if that is earlier.

    The newest counts so that an old recording is kept while it is being read.
    """
    newest = await pipe.zrevrange(key, 0, 0, withscores=True)
    if not newest:
        return []
    limit = min(int(newest[0][1]), now) - age
    return [name.decode() for name in await pipe.zrangebyscore(key, "-inf", f"({limit}", 0, SWEEP)]


def whereabouts(tick: Any, segments: Mapping[str, Millis]) -> LastPosition:
    sog, cog, heading = (float(tick[name]) for name in ("sog", "cog", "heading"))
    status = int(tick["status"])
    return LastPosition(
        mmsi=int(tick["mmsi"]),
        time=int(tick["time"]),
        lat=round(float(tick["lat"]), 6),
        lon=round(float(tick["lon"]), 6),
        speed_knots=None if np.isnan(sog) else round(sog, 1),
        course=None if np.isnan(cog) else round(cog, 1),
        heading=None if np.isnan(heading) else round(heading, 1),
        status=None if status >= 15 else status,
        segments=dict(segments),
    )
