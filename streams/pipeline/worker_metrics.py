"""Metrics of a worker: what it reports to Prometheus and to `tankerwatch status` about its partitions.

It looks at the partitions from outside every few seconds, so no stage has to count anything for it.
"""

import os
import socket
import time
from collections import Counter, deque
from collections.abc import Mapping
from typing import Any, Final

from models.station_clock import count_states, furthest_off
from models.time import BEGINNING, Millis
from streams.decoding.lines.outcome import Outcome
from streams.deployment import heartbeat
from streams.deployment.heartbeat import RECENT_SECONDS, Heartbeat
from streams.pipeline import checkpoint
from streams.pipeline.operator import OVERTAKEN, OperatorStats
from streams.pipeline.partition_runner import Partition, PartitionRunner
from streams.runtime import metrics
from streams.runtime.logs import get_logger
from streams.runtime.metrics import PartitionStats, StatsCollector
from streams.runtime.retry import REDIS_AWAY

log = get_logger(__name__)
SIZE_SECONDS: Final = 30.0
"""Time between two measurements of the size of the checkpoints."""
WARNING_SECONDS: Final = 60.0
"""Least time between two warnings of the same kind."""
_LATE_REASON: Final = "they came later than decoder.lateness_seconds after newer lines of their source"
_LATE_REMEDY: Final = "set decoder.lateness_seconds to the delay of the feed; check the clock of the receiver"
_OVERTAKEN_REASON: Final = "they are older than what has been worked off, and change nothing"
_OVERTAKEN_REMEDY: Final = (
    "publish older recordings to a deployment with a prefix of its own (docs/deployment.md)"
)
MOST_STATIONS: Final = 20
"""Stations of a partition whose clocks are told one by one, those furthest off; the others are counted. A
feed may have thousands of stations and names them as it likes, and each label of a metric costs memory."""
_HISTORY_SECONDS: Final = 10.0
"""Time between two counts that are remembered for `Heartbeat.recent`."""


class WorkerMetrics:
    """The metrics of all stages of this worker, given as runners by name of their stage."""

    def __init__(self, runners: Mapping[str, PartitionRunner], client: Any, prefix: str) -> None:
        self._runners, self._redis, self._prefix = runners, client, prefix
        self._collector = StatsCollector()
        self._process = f"{socket.gethostname()}/{os.getpid()}"
        self._watched: dict[tuple[str, int], _Watched] = {}
        self._counted: Counter[tuple[str, str]] = Counter()
        self._sizes_at = float("-inf")
        self._late = _Warning("late_lines", "lines", _LATE_REASON, _LATE_REMEDY)
        self._overtaken = _Warning("reports_overtaken", "reports", _OVERTAKEN_REASON, _OVERTAKEN_REMEDY)
        for outcome in Outcome:
            metrics.LINES.labels(outcome)  # 0, not absent, until there is one
        for stage in ("vessels", "meetings"):
            metrics.OVERTAKEN.labels(stage)

    async def report(self) -> None:
        """Publish the metrics as they are now."""
        now = time.time()
        self._watch(now)
        self._collector.update(one.stats(*place) for place, one in self._watched.items())
        self._late.log_if_due(now)
        self._overtaken.log_if_due(now)
        try:
            await self._write(now)
            metrics.UP.labels("redis").set(1)
        except REDIS_AWAY:  # the checkpoints log that Redis is away
            metrics.UP.labels("redis").set(0)

    def _watch(self, now: float) -> None:
        """Look at all partitions, and count what has been done since the last look."""
        before, self._watched = self._watched, {}
        for stage, runner in self._runners.items():
            self._count(metrics.FRAMES.labels(stage), (stage, "processed"), runner.processed)
            self._count(metrics.CHECKPOINTS.labels(stage), (stage, "saved"), runner.saved)
            for number, partition in runner.partitions.items():
                watched = before.get((stage, number))
                if watched is None or watched.partition is not partition:  # taken over just now
                    watched = _Watched(partition, now)
                for name, count in watched.look(now).items():
                    self._add(stage, name, count)
                self._watched[stage, number] = watched

    def _count(self, counter: Any, name: tuple[str, str], total: int) -> None:
        counter.inc(total - self._counted[name])
        self._counted[name] = total

    def _add(self, stage: str, name: str, count: int) -> None:
        if name != OVERTAKEN:
            metrics.LINES.labels(name).inc(count)
            self._late.count += count if name == Outcome.LATE else 0
            return
        metrics.OVERTAKEN.labels(stage).inc(count)
        if stage == "vessels":
            self._overtaken.count += count

    async def _write(self, now: float) -> None:
        heartbeats = {
            f"{stage}:{number}": watched.heartbeat(self._process, now)
            for (stage, number), watched in self._watched.items()
        }
        await heartbeat.write(self._redis, self._prefix, heartbeats)
        if now >= self._sizes_at + SIZE_SECONDS:
            self._sizes_at = now
            for (stage, number), watched in list(self._watched.items()):
                key = checkpoint.key(self._prefix, stage, number)
                watched.size = await self._redis.memory_usage(key) or 0


class _Warning:
    """Something that is counted, and logged as a warning from time to time."""

    def __init__(self, event: str, what: str, reason: str, remedy: str) -> None:
        """`what` names the number in the log."""
        self._event, self._what, self._reason, self._remedy = event, what, reason, remedy
        self.count = 0
        """Since the last warning."""
        self._logged_at = float("-inf")

    def log_if_due(self, now: float) -> None:
        if self.count and now >= self._logged_at + WARNING_SECONDS:
            counted = {self._what: self.count}
            log.warning(self._event, **counted, reason=self._reason, remedy=self._remedy)
            self.count, self._logged_at = 0, now


class _Watched:
    """A partition, and what was seen of it at the last look."""

    def __init__(self, partition: Partition, now: float) -> None:
        self.partition = partition
        self.size: int | None = None
        """Bytes that the checkpoint takes in Redis."""
        self._stats: OperatorStats = partition.operator.stats()
        self._saved, self._saved_at, self._now = partition.saved, now, now
        self._history = deque([(now, self._stats.counts)], round(RECENT_SECONDS / _HISTORY_SECONDS))

    def look(self, now: float) -> dict[str, int]:
        """What was counted since the last look."""
        before, self._stats = self._stats, self.partition.operator.stats()
        if self.partition.saved != self._saved or self.partition.saved == self.partition.last:
            self._saved, self._saved_at = self.partition.saved, now
        if now >= self._history[-1][0] + _HISTORY_SECONDS:
            self._history.append((now, self._stats.counts))
        return _increase(before.counts, self._stats.counts)

    def stats(self, stage: str, number: int) -> PartitionStats:
        stats = self._stats
        return PartitionStats(
            stage,
            number,
            self.partition.last,
            self._saved_at,
            self.size,
            stats.watermark,
            stats.vessels,
            furthest_off(stats.clocks, MOST_STATIONS),
            count_states(stats.clocks.values()),
        )

    def heartbeat(self, process: str, now: float) -> Heartbeat:
        return Heartbeat(
            process=process,
            time=now,
            offset=self.partition.last,
            saved=self._saved_at,
            watermark=_known(self._stats.watermark),
            done=_known(self._stats.done),
            counts=dict(self._stats.counts),
            recent=_increase(self._history[0][1], self._stats.counts),
            clocks=furthest_off(self._stats.clocks, MOST_STATIONS),
            clock_states=count_states(self._stats.clocks.values()),
            sources=heartbeat.most(self._stats.sources),
        )


def _known(time: Millis) -> Millis | None:
    return None if time == BEGINNING else time


def _increase(before: Mapping[str, int], after: Mapping[str, int]) -> dict[str, int]:
    grown = {name: count - before.get(name, 0) for name, count in after.items()}
    return {name: count for name, count in grown.items() if count > 0}
