"""What people have said about events, in Redis: their reviews. The feed writes it.

`streams/store/event_log.py` has the table of all keys.
"""

from collections.abc import Sequence
from typing import Any, Final

import msgspec
import redis.asyncio as redis

from models.review import Review
from streams.store.keys import Keys

_FIRST: Final = "0-0"  # the entry id before any other
_REVIEW: Final = msgspec.json.Decoder(Review)


class JudgementLog:
    """Reads and writes it. `client` must return bytes (the default of redis-py)."""

    def __init__(self, client: "redis.Redis", prefix: str = "") -> None:
        self._redis: Any = client  # redis-py types its commands as sync or async
        self.keys = Keys(prefix)

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

    async def reviews_since(self, entry: str = _FIRST, count: int = 100) -> list[tuple[str, Review]]:
        found = await self._redis.xrange(self.keys.reviews, f"({entry}", "+", count)
        return [(name.decode(), _REVIEW.decode(fields[b"json"])) for name, fields in found]

    async def wait_reviews(
        self, entry: str, count: int = 100, seconds: float = 15.0
    ) -> list[tuple[str, Review]]:
        got = await self._redis.xread({self.keys.reviews: entry}, count, max(1, int(seconds * 1000)))
        found = got[0][1] if got else []
        return [(name.decode(), _REVIEW.decode(fields[b"json"])) for name, fields in found]
