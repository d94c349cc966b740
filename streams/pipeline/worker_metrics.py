"""The vitals of a worker: what it tells Prometheus and `tankerwatch status` of the partitions it has in hand.

Looked at from outside every few seconds, so that neither a stage nor its keeper counts anything for it.
"""

import os
import socket
import time
from collections import Counter
from collections.abc import Mapping
from typing import Any, Final

from models.time import BEGINNING
from streams.deployment import heartbeat
from streams.deployment.heartbeat import Heartbeat
from streams.pipeline import checkpoint
from streams.pipeline.partition_runner import PartitionRunner
from streams.runtime import metrics
from streams.runtime.metrics import PartitionStats, StatsCollector
from streams.runtime.retry import REDIS_AWAY

SIZES: Final = 30.0
"""Seconds between two looks at the size of the checkpoints."""


class WorkerMetrics:
    def __init__(self, keepers: Mapping[str, PartitionRunner], client: Any, prefix: str) -> None:
        """`keepers` by stage."""
        self._keepers, self._redis, self._prefix = keepers, client, prefix
        self._signs = StatsCollector()
        self._who = f"{socket.gethostname()}/{os.getpid()}"
        self._seen: dict[tuple[str, int], _Seen] = {}
        self._counted: Counter[tuple[str, str]] = Counter()
        self._sizes_at = 0.0

    async def tell(self) -> None:
        """To Prometheus, and to `tankerwatch status` by way of Redis."""
        signs = self.look()
        self._signs.tell(signs)
        try:
            await self._tell(signs)
            metrics.UP.labels("redis").set(1)
        except REDIS_AWAY:  # whoever writes checkpoints says so
            metrics.UP.labels("redis").set(0)

    def look(self) -> list[PartitionStats]:
        """How the partitions are doing now. Counts on what has been done since the last look."""
        now = time.time()
        seen, self._seen = self._seen, {}
        signs: list[PartitionStats] = []
        for stage, keeper in self._keepers.items():
            self._count(metrics.FRAMES.labels(stage), (stage, "applied"), keeper.applied)
            self._count(metrics.CHECKPOINTS.labels(stage), (stage, "saved"), keeper.saved)
            for partition, slot in keeper.in_hand.items():
                numbers = slot.host.numbers()
                before = seen.get((stage, partition))
                if before is None or before.slot is not slot:
                    before = _Seen(slot, slot.saved, now, numbers.outcomes)
                if slot.saved != before.saved or slot.saved == slot.last:
                    before.saved, before.saved_at = slot.saved, now
                for outcome, count in numbers.outcomes.items():
                    metrics.LINES.labels(outcome).inc(max(0, count - before.outcomes.get(outcome, 0)))
                before.outcomes = numbers.outcomes
                self._seen[stage, partition] = before
                signs.append(
                    PartitionStats(
                        stage,
                        partition,
                        slot.last,
                        before.saved_at,
                        before.size,
                        numbers.watermark,
                        numbers.vessels,
                    )
                )
        return signs

    def _count(self, counter: Any, name: tuple[str, str], total: int) -> None:
        counter.inc(total - self._counted[name])
        self._counted[name] = total

    async def _tell(self, signs: list[PartitionStats]) -> None:
        now = time.time()
        pulses = {
            f"{sign.stage}:{sign.partition}": Heartbeat(
                who=self._who,
                time=now,
                offset=sign.offset,
                saved=sign.saved,
                watermark=None if sign.watermark == BEGINNING else sign.watermark,
            )
            for sign in signs
        }
        await heartbeat.tell(self._redis, self._prefix, pulses)
        if now >= self._sizes_at + SIZES:
            self._sizes_at = now
            for (stage, partition), seen in list(self._seen.items()):
                key = checkpoint.key(self._prefix, stage, partition)
                seen.size = await self._redis.memory_usage(key) or 0


class _Seen:
    """What was last known of a partition."""

    def __init__(self, slot: Any, saved: int, saved_at: float, outcomes: Mapping[str, int]) -> None:
        self.slot, self.saved, self.saved_at, self.outcomes = slot, saved, saved_at, outcomes
        self.size: int | None = None
