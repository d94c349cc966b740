"""Drawn fences in Redis: every version of each, with who drew it and from when on it counts.

The feed writes a version when it is drawn, the sink writes it again once it counts. The key is a hash,
`{prefix}tankerwatch:fences`, of id/version → JSON of `models.drawn_fence.FenceVersion`.
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

    async def versions(self) -> list[FenceVersion]:
        """All versions of all fences, by id and version."""
        found = await self._redis.hvals(self._key)
        return sorted(map(_VERSION.decode, found), key=lambda version: version.key)

    async def claim(self, version: FenceVersion) -> bool:
        """Note a version that was drawn. Returns False if there is one of this number already."""
        return bool(await self._redis.hsetnx(self._key, _field(version), msgspec.json.encode(version)))

    async def release(self, version: FenceVersion) -> None:
        """Forget a version that was noted and could not be sent."""
        await self._redis.hdel(self._key, _field(version))

    async def confirm(self, versions: Sequence[FenceVersion]) -> None:
        """Note versions that count. The one that the stages took stands, whatever was noted before."""
        if versions:
            found = {_field(version): msgspec.json.encode(version) for version in versions}
            await self._redis.hset(self._key, mapping=found)


def _field(version: FenceVersion) -> str:
    return f"{version.id}/{version.version}"
