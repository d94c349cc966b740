"""Drawn fences in Redis: every version of each, with who drew it and from when on it counts.

The feed writes a version when it is drawn, the sink writes it again once it counts. The key is a hash,
`{prefix}tankerwatch:fences`, of id/version → JSON of `models.drawn_fence.FenceVersion`. Beside it
`{prefix}tankerwatch:fences:changes` counts changes, so that readers need not read what they know.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

import msgspec

from models.drawn_fence import FenceVersion

if TYPE_CHECKING:
    import redis.asyncio as redis

_VERSION: Final = msgspec.json.Decoder(FenceVersion)


class DrawnFences:
    """All methods raise one of `streams.runtime.retry.REDIS_AWAY` if Redis cannot be reached."""

    def __init__(self, client: "redis.Redis", prefix: str = "") -> None:
        self._redis: Any = client  # redis-py types its commands as sync or async
        self._key = f"{prefix}tankerwatch:fences"
        self._changes = f"{self._key}:changes"
        self._read: tuple[object, list[FenceVersion]] = None, []  # in which state, and what it held

    async def versions(self) -> list[FenceVersion]:
        """All versions of all fences, by id and version: the same list until there is a change."""
        async with self._redis.pipeline(transaction=True) as pipe:
            state = await pipe.get(self._changes).hlen(self._key).execute()
        if state != self._read[0]:  # the number of versions, too: somebody may have cleared the key
            found = await self._redis.hvals(self._key)
            self._read = state, sorted(map(_VERSION.decode, found), key=lambda version: version.key)
        return self._read[1]

    async def claim(self, version: FenceVersion) -> bool:
        """Note a version that was drawn. Returns False if there is one of this number already."""
        async with self._redis.pipeline(transaction=True) as pipe:
            pipe.hsetnx(self._key, _field(version), msgspec.json.encode(version)).incr(self._changes)
            taken, _ = await pipe.execute()
        return bool(taken)

    async def release(self, version: FenceVersion) -> None:
        """Forget a version that was noted and could not be sent."""
        async with self._redis.pipeline(transaction=True) as pipe:
            await pipe.hdel(self._key, _field(version)).incr(self._changes).execute()

    async def confirm(self, versions: Sequence[FenceVersion]) -> None:
        """Note versions that count. The one that the stages took stands, whatever was noted before."""
        if versions:
            found = {_field(version): msgspec.json.encode(version) for version in versions}
            async with self._redis.pipeline(transaction=True) as pipe:
                await pipe.hset(self._key, mapping=found).incr(self._changes).execute()


def _field(version: FenceVersion) -> str:
    return f"{version.id}/{version.version}"
