"""The event log in Redis as the feed reads it, with the reviews that it writes there."""

from collections.abc import Sequence
from typing import Final

import msgspec

from models.review import Review
from models.time import Millis
from streams.store.event_log import BEFORE_ALL, EventLog

_REVIEW: Final = msgspec.json.Decoder(Review)
_HEARD: Final = "return table.concat(redis.call('ZRANGE',KEYS[1],ARGV[1],'+inf','BYSCORE','WITHSCORES'),' ')"
"""MMSIs and times as one text: redis-py takes ten times as long to read a list of 20,000 of them."""


class RedisLog(EventLog):
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
        found = (await self._redis.eval(_HEARD, 1, self.keys.heard, since)).split()
        return {int(mmsi): int(at) for mmsi, at in zip(found[::2], found[1::2], strict=True)}

    async def newest(self) -> Millis | None:
        async with self._redis.pipeline(transaction=False) as pipe:
            for key in (self.keys.heard, self.keys.detected):
                pipe.zrevrange(key, 0, 0, withscores=True)
            tops = await pipe.execute()
        return max((int(top[0][1]) for top in tops if top), default=None)

    async def add_review(self, review: Review) -> None:
        value = msgspec.json.encode(review)
        async with self._redis.pipeline(transaction=True) as pipe:
            pipe.xadd(self.keys.reviews, {"event": review.event, "json": value})
            pipe.rpush(self.keys.reviews_of(review.event), value)
            pipe.hset(self.keys.latest_reviews, review.event, value)
            await pipe.execute()

    async def reviews(self, event: str) -> list[Review]:
        found = await self._redis.lrange(self.keys.reviews_of(event), 0, -1)
        return [_REVIEW.decode(one) for one in found]

    async def latest_reviews(self, events: Sequence[str]) -> dict[str, Review]:
        found = await self._redis.hmget(self.keys.latest_reviews, events) if events else []
        return {
            event: _REVIEW.decode(one) for event, one in zip(events, found, strict=True) if one is not None
        }

    async def reviews_since(self, entry: str = BEFORE_ALL, count: int = 100) -> list[tuple[str, Review]]:
        found = await self._redis.xrange(self.keys.reviews, f"({entry}", "+", count)
        return [(name.decode(), _REVIEW.decode(fields[b"json"])) for name, fields in found]

    async def wait_reviews(
        self, entry: str, count: int = 100, seconds: float = 15.0
    ) -> list[tuple[str, Review]]:
        got = await self._redis.xread({self.keys.reviews: entry}, count, max(1, int(seconds * 1000)))
        found = got[0][1] if got else []
        return [(name.decode(), _REVIEW.decode(fields[b"json"])) for name, fields in found]
