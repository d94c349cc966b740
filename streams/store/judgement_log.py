"""What people have said about events, in Redis: reviews, silences, and the audit. The feed writes it.

`streams/store/event_log.py` has the table of all keys.
"""

from collections.abc import Sequence
from typing import Any, Final

import msgspec
import redis.asyncio as redis

from models.review import Review
from models.silence import AuditLine, Silence
from models.time import DAY, Millis, from_text
from streams.store.keys import Keys

_FIRST: Final = "0-0"  # the entry id before any other
_REVIEW: Final = msgspec.json.Decoder(Review)
_SILENCE: Final = msgspec.json.Decoder(Silence)
_LINE: Final = msgspec.json.Decoder(AuditLine)
AUDIT: Final = 100_000
"""Lines about people that are kept, approximately."""
OVER: Final = DAY
"""How long a silence is kept after its end. Clocks of hosts differ, and alerts may be judged late."""
WITHHELD: Final = 5_000
"""Lines about withheld alerts that are kept, approximately."""


class JudgementLog:
    """Reads and writes it. `client` must return bytes (the default of redis-py)."""

    def __init__(self, client: "redis.Redis", prefix: str = "") -> None:
        self._redis: Any = client  # redis-py types its commands as sync or async
        self.keys = Keys(prefix)

    async def add_review(self, review: Review, line: AuditLine | None = None) -> None:
        value = msgspec.json.encode(review)
        async with self._redis.pipeline(transaction=True) as pipe:
            pipe.xadd(self.keys.reviews, {"event": review.event, "json": value})
            pipe.rpush(self.keys.reviews_of(review.event), value)
            pipe.hset(self.keys.latest_reviews, review.event, value)
            if line is not None:
                self._add_line(pipe, line)
            await pipe.execute()

    async def reviews(self, event: str) -> list[Review]:
        found = await self._redis.lrange(self.keys.reviews_of(event), 0, -1)
        return [_REVIEW.decode(one) for one in found]

    async def latest_reviews(self, events: Sequence[str]) -> dict[str, Review]:
        found = await self._redis.hmget(self.keys.latest_reviews, events) if events else []
        return {
            event: _REVIEW.decode(one) for event, one in zip(events, found, strict=True) if one is not None
        }

    async def reviews_since(self, entry: str = _FIRST, count: int = 100) -> list[tuple[str, Review]]:
        found = await self._redis.xrange(self.keys.reviews, f"({entry}", "+", count)
        return [(name.decode(), _REVIEW.decode(fields[b"json"])) for name, fields in found]

    async def wait_reviews(
        self, entry: str, count: int = 100, seconds: float = 15.0
    ) -> list[tuple[str, Review]]:
        got = await self._redis.xread({self.keys.reviews: entry}, count, max(1, int(seconds * 1000)))
        found = got[0][1] if got else []
        return [(name.decode(), _REVIEW.decode(fields[b"json"])) for name, fields in found]

    async def add_silence(self, silence: Silence, line: AuditLine) -> None:
        """Add it, and remove those that have been over for long."""
        long_ago = from_text(silence.time) - OVER
        over = [one.id for one in await self.kept_silences() if from_text(one.until) <= long_ago]
        async with self._redis.pipeline(transaction=True) as pipe:
            if over:
                pipe.hdel(self.keys.silences, *over)
            pipe.hset(self.keys.silences, silence.id, msgspec.json.encode(silence))
            self._add_line(pipe, line)
            await pipe.execute()

    async def end_silence(self, silence: str, line: AuditLine) -> bool:
        """Whether there was such a silence that was not over. Only the call that ends it leaves a line."""

        async def end(pipe: Any) -> bool:
            found = await pipe.hget(self.keys.silences, silence)
            pipe.multi()
            if found is None or from_text(_SILENCE.decode(found).until) <= from_text(line.time):
                return False
            pipe.hdel(self.keys.silences, silence)
            self._add_line(pipe, line)
            return True

        ended: bool = await self._redis.transaction(end, self.keys.silences, value_from_callable=True)
        return ended

    async def silences(self, now: Millis) -> list[Silence]:
        """Those that last or are still to come, the one that ends first before the others."""
        return [one for one in await self.kept_silences() if from_text(one.until) > now]

    async def kept_silences(self) -> list[Silence]:
        """As `silences`, and those that were over not long ago."""
        found = [_SILENCE.decode(one) for one in await self._redis.hvals(self.keys.silences)]
        return sorted(found, key=lambda one: (one.until, one.id))

    def _add_line(self, pipe: Any, line: AuditLine) -> None:
        """Add a line to the audit about what a person did."""
        pipe.xadd(self.keys.audit, {"json": msgspec.json.encode(line)}, maxlen=AUDIT, approximate=True)

    async def audit(self, count: int = 200) -> list[AuditLine]:
        """The latest lines about people, and as many about withheld alerts; newest first."""
        found = [
            _LINE.decode(fields[b"json"])
            for key in (self.keys.audit, self.keys.withheld)
            for _, fields in await self._redis.xrevrange(key, "+", "-", count)
        ]
        return sorted(found, key=lambda line: line.time, reverse=True)


def add_withheld(pipe: Any, keys: Keys, lines: Sequence[AuditLine]) -> None:
    """Add lines about withheld alerts to the transaction that saves that they are withheld: so there is one
    line, whatever breaks off in between."""
    for line in lines:
        pipe.xadd(keys.withheld, {"json": msgspec.json.encode(line)}, maxlen=WITHHELD, approximate=True)
